import Foundation
import Testing

/// `evse-agent demo` on ports that the system chose.
struct RunningDemo: Sendable {
    let process: ChildProcess
    let scratch: Scratch
    let api: APIClient
    let key: String
    let modbusPorts: [Int]
    /// The lines that it prints to be pasted, and the one that sets `KEY` before them.
    let lines: [String]
    let keyLine: String

    var stateDirectory: String { scratch.path("state") }

    init(_ options: String...) async throws {
        scratch = try Scratch()
        process = try ChildProcess(
            Programs.agent,
            [
                "demo", "--listen", "127.0.0.1:0", "--modbus-port", "0", "--state-dir",
                scratch.path("state"),
            ] + options)
        _ = try await process.line(containing: "Ctrl-C ends it")
        let output = try process.output
        let printed = output.split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        key = try #require(printed.first { $0.hasPrefix("key ") }?.split(separator: " ").last)
            .description
        let address = try #require(printed.first { $0.hasPrefix("API ") })
        api = APIClient(port: try #require(Ports.all(in: address).first), key: key)
        modbusPorts = Ports.all(in: try #require(printed.first { $0.hasPrefix("Modbus ") }))
        lines = printed.filter { $0.hasPrefix("curl ") }
        keyLine = try #require(printed.first { $0.hasPrefix("KEY=") })
    }

    /// Waits until the vehicle draws its 7 kW.
    func charging() async throws {
        _ = try await api.charger { $0["state.currentPower"] == .number(7) }
    }
}

/// `evse-agent simulate` with its control endpoint.
struct RunningWallbox: Sendable {
    let process: ChildProcess
    let port: Int
    let control: APIClient

    /// - Parameters:
    ///   - port: 0 lets the system choose; to come back after an end, the port it had.
    ///   - options: Such as `--plugged`.
    init(
        _ device: String = "reference-7kw", port: Int = 0,
        options: [String] = ["--plugged", "--vehicle-phases", "1", "--vehicle-current", "32"]
    ) async throws {
        process = try ChildProcess(
            Programs.agent,
            [
                "simulate", device, "--listen", "127.0.0.1:\(port)", "--control", "127.0.0.1:0",
            ] + options)
        let wallbox = try await process.line(containing: "simulated ")
        self.port = try #require(Ports.all(in: wallbox).first)
        let endpoint = try await process.line(containing: "control endpoint at ")
        control = APIClient(port: try #require(Ports.all(in: endpoint).first))
    }

    /// The same wallbox after a loss of supply: it has forgotten all it was told.
    func comeBack() async throws -> RunningWallbox {
        try await RunningWallbox(port: port)
    }
}

/// `evse-agent run` against wallboxes, with a key for it.
struct RunningAgent: Sendable {
    let process: ChildProcess
    let site: Site
    let api: APIClient

    /// What outlives the process: configuration, state and key.
    struct Site: Sendable {
        let scratch: Scratch
        let configuration: String
        var key: String

        /// - Parameters:
        ///   - wallboxes: `127.0.0.1:PORT` each; they are `device_ev_001` and so on.
        ///   - profiles: Of each; of the last one where there are more wallboxes.
        ///   - more: What else stands in the file, such as groups.
        init(
            wallboxes: [Int], profiles: [String] = ["reference-7kw"], more: String = ""
        ) async throws {
            try await self.init(
                connections: wallboxes.map { "tcp://127.0.0.1:\($0)" }, profiles: profiles,
                more: more)
        }

        /// - Parameter connections: As the configuration takes them.
        init(
            connections: [String], profiles: [String] = ["reference-7kw"], more: String = ""
        ) async throws {
            scratch = try Scratch()
            let chargers = connections.enumerated().map { index, connection in
                """
                  - id: device_ev_\(index < 9 ? "00" : "0")\(index + 1)
                    profile: \(profiles[min(index, profiles.count - 1)])
                    connect: \(connection)
                    max-current: 32
                    phases: 1
                    simulated: true
                """
            }
            configuration = try scratch.write(
                """
                site: { timezone: Europe/Berlin, clock: trusted }
                api: { listen: 127.0.0.1:0 }
                state-dir: \(scratch.path("state"))
                chargers:
                \(chargers.joined(separator: "\n"))
                \(more)

                """, to: "agent.yaml")
            key = ""
            key = try await keys("create", "--name", "test", "--environment", "sandbox")
                .output.trimmingCharacters(in: .newlines)
        }

        /// Runs `evse-agent keys ...` on this site.
        func keys(_ arguments: String...) async throws -> ChildProcess.Exit {
            try await ChildProcess.run(
                Programs.agent, ["keys"] + arguments + ["--config", configuration])
        }
    }

    init(_ site: Site, options: [String] = []) async throws {
        self.site = site
        process = try ChildProcess(
            Programs.agent, ["run", "--config", site.configuration] + options)
        let line = try await process.line(containing: "serving ")
        api = APIClient(port: try #require(Ports.all(in: line).last), key: site.key)
    }

    init(wallboxes: RunningWallbox...) async throws {
        try await self.init(Site(wallboxes: wallboxes.map(\.port)))
    }
}

/// Somebody else's Modbus client: registers as they are on the wire.
enum Mbpoll {
    /// What there is to read, by mbpoll's number for it.
    enum Table: String {
        case input = "3"
        case holding = "4"
    }

    static func read(
        _ table: Table, _ address: Int, count: Int = 1, port: Int
    ) async throws -> [Int] {
        values(
            try await run(
                ["-t", table.rawValue, "-r", "\(address)", "-c", "\(count)", "-1"], port))
    }

    /// Reads one register on a serial line.
    static func read(_ table: Table, _ address: Int, serial path: String) async throws -> [Int] {
        values(
            try await run(
                ["-t", table.rawValue, "-r", "\(address)", "-c", "1", "-1"], serial: path))
    }

    private static func values(_ exit: ChildProcess.Exit) -> [Int] {
        exit.output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("[") else { return nil }
            return line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }
        }
    }

    static func write(_ value: Int, to address: Int, port: Int) async throws -> ChildProcess.Exit {
        try await run(["-t", "4", "-r", "\(address)"], port, values: ["\(value)"])
    }

    static func run(
        _ arguments: [String], serial path: String, unit: Int = 1, values: [String] = []
    ) async throws -> ChildProcess.Exit {
        try await ChildProcess.run(
            "mbpoll",
            ["-m", "rtu", "-b", "9600", "-P", "none", "-a", "\(unit)", "-0"] + arguments + [path]
                + values)
    }

    static func run(
        _ arguments: [String], _ port: Int, values: [String] = []
    ) async throws -> ChildProcess.Exit {
        // -0: addresses as they are on the wire.
        try await ChildProcess.run(
            "mbpoll",
            ["-m", "tcp", "-p", "\(port)", "-a", "1", "-0"] + arguments + ["127.0.0.1"] + values)
    }
}

/// Port numbers in lines for people: what stands after `127.0.0.1:`.
enum Ports {
    static func all(in line: String) -> [Int] {
        line.components(separatedBy: "127.0.0.1:").dropFirst()
            .compactMap { Int($0.prefix { $0.isNumber }) }
    }
}
