import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Checks configuration files.",
        subcommands: [Check.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Prints every problem of a configuration with line, column and remedy.")

        @Argument(help: "The configuration file.")
        var file: String

        @OptionGroup var deviceOptions: DeviceOptions

        func run() async throws {
            let result = try ConfigurationFile.parse(file, catalog: try deviceOptions.catalog())
            for diagnostic in result.diagnostics { print(diagnostic.rendered(file: file)) }
            guard let configuration = result.configuration else { throw ExitCode(1) }
            let count = configuration.chargers.count
            print("\(file): fine: \(count) charger\(count == 1 ? "" : "s")")
        }
    }
}
