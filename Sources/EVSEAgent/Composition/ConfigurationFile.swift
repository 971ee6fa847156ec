import Foundation

/// Reads a configuration file, or says everything that is wrong with it.
struct ConfigurationFile {
    let configuration: AgentConfiguration
    /// What it says, key by key, to be compared with the last start.
    let written: [(key: String, value: String)]

    static func parse(
        _ path: String, catalog: ProfileCatalog
    ) throws -> ConfigurationParser.Result {
        ConfigurationParser.parse(try text(of: path), profiles: catalog.known)
    }

    /// - Throws: ``CommandFailure`` with every problem if there are errors; nothing is started then.
    static func load(_ path: String, catalog: ProfileCatalog) throws -> AgentConfiguration {
        try read(path, catalog: catalog).configuration
    }

    /// The same, with what is written there.
    static func read(_ path: String, catalog: ProfileCatalog) throws -> ConfigurationFile {
        let text = try text(of: path)
        let result = ConfigurationParser.parse(text, profiles: catalog.known)
        guard let configuration = result.configuration else {
            let lines = result.diagnostics.map { $0.rendered(file: path) }
            throw CommandFailure(
                "the configuration has errors, nothing was started\n"
                    + lines.joined(separator: "\n"))
        }
        for warning in result.diagnostics { tell(warning.rendered(file: path)) }
        return ConfigurationFile(
            configuration: configuration, written: WrittenConfiguration.values(of: text))
    }

    private static func text(of path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandFailure(
                "cannot read the configuration \(path): there is no such file, it may not be read, or it is not UTF-8 text"
            )
        }
    }
}
