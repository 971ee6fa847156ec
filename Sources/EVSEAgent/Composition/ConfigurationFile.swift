import Foundation

/// Reads a configuration file, or says everything that is wrong with it.
enum ConfigurationFile {
    static func parse(
        _ path: String, catalog: ProfileCatalog
    ) throws -> ConfigurationParser.Result {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandFailure(
                "cannot read the configuration \(path): there is no such file, it may not be read, or it is not UTF-8 text"
            )
        }
        return ConfigurationParser.parse(text, profiles: catalog.known)
    }

    /// - Throws: ``CommandFailure`` with every problem if there are errors; nothing is started then.
    static func load(_ path: String, catalog: ProfileCatalog) throws -> AgentConfiguration {
        let result = try parse(path, catalog: catalog)
        guard let configuration = result.configuration else {
            let lines = result.diagnostics.map { $0.rendered(file: path) }
            throw CommandFailure(
                "the configuration has errors, nothing was started\n"
                    + lines.joined(separator: "\n"))
        }
        for warning in result.diagnostics { tell(warning.rendered(file: path)) }
        return configuration
    }
}
