import ArgumentParser
import Foundation
import Logging

/// How much a command tells on standard error.
struct LogOptions: ParsableArguments {
    enum Level: String, ExpressibleByArgument, CaseIterable {
        case trace, debug, info, notice, warning, error
    }

    @Option(help: "How much to log: trace, debug, info, notice, warning or error.")
    var logLevel: Level = .info

    func logger(_ label: String = "evse-agent") -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .info
        return logger
    }
}

/// Where device profiles are looked for.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Directory of device profiles. Without it: EVSE_AGENT_DEVICES, then share/evse-agent/devices beside the program's bin directory, then devices/ above the program.",
            valueName: "dir"))
    var devices: String?

    func catalog() throws -> ProfileCatalog {
        try ProfileCatalog.load(directory: try ProfileCatalog.locate(named: devices))
    }
}

/// `HOST:PORT`, for listening.
struct ListenAddress: ExpressibleByArgument {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        do throws(ConfigurationProblem) {
            let address = try ConfigurationAddresses.listen(argument)
            self.init(host: address.host, port: address.port)
        } catch {
            return nil
        }
    }

    var isLoopback: Bool {
        host == "127.0.0.1" || host == "::1" || host == "localhost" || host.hasPrefix("127.")
    }

    var defaultValueDescription: String { "\(host):\(port)" }
}

/// Writes a line to standard error.
func tell(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
