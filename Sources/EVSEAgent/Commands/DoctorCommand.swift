import ArgumentParser
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at everything that the agent needs on this computer, on one page.",
        discussion: """
            Configuration, profiles, state directory, disk, database, event log, keys, ports, clock, \
            and whether the wallboxes can be reached. It changes nothing. Run it as the user that runs \
            the agent. Exit code 1 if something is wrong.
            """)

    @Option(help: "The configuration file.")
    var config: String

    @Flag(help: "Print one JSON array instead of text.")
    var json = false

    @OptionGroup var deviceOptions: DeviceOptions

    func run() async throws {
        let findings = try await findings()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else {
            print(findings.text)
        }
        if findings.contains(where: { $0.level == .wrong }) { throw ExitCode(1) }
    }

    private func findings() async throws -> [Finding] {
        let catalog = try deviceOptions.catalog()
        let result = try ConfigurationFile.parse(config, catalog: catalog)
        let problems = result.diagnostics.map { $0.rendered(file: config) }
        guard let configuration = result.configuration else {
            return [
                Finding(
                    level: .wrong, subject: "configuration",
                    detail: problems.joined(separator: "\n"),
                    remedy: "nothing else can be looked at before")
            ]
        }
        let count = configuration.chargers.count
        let fine = "\(config): \(count) charger\(count == 1 ? "" : "s")"
        let first =
            problems.isEmpty
            ? Finding.fine("configuration", fine)
            : Finding(
                level: .warning, subject: "configuration",
                detail: problems.joined(separator: "\n"))
        return [first] + (await Doctor(configuration: configuration, catalog: catalog).findings())
    }
}
