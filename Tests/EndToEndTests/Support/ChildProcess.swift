import AgentTestSupport
import Foundation
import Testing

/// A program that a test runs: its output is kept, and it never outlives the test.
final class ChildProcess: Sendable {
    struct Exit: Equatable {
        /// The exit code; nil when a signal ended it.
        var code: Int32?
        var output: String
        var errors: String
    }

    private let process: Process
    private let scratch: Scratch
    private let name: String

    /// Starts it at once.
    ///
    /// - Parameter program: A path, or a name to look for in `PATH`.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        scratch = try Scratch()
        name = ([program] + arguments).joined(separator: " ")
        process = Process()
        process.executableURL = try Self.find(program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(scratch.path("output"))
        process.standardError = try Self.file(scratch.path("errors"))
        try process.runAlone()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Runs a program to its end.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> Exit {
        try await ChildProcess(program, arguments, environment: environment).exit(within: limit)
    }

    // MARK: - Its end

    func send(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// Waits for it to end by itself.
    func exit(within limit: Duration) async throws -> Exit {
        try await wait(until: "the end of \(name)", within: limit, evidence: evidence) {
            !process.isRunning
        }
        let code = process.terminationReason == .exit ? process.terminationStatus : nil
        return Exit(code: code, output: try output, errors: try errors)
    }

    /// Sends a signal and waits for the end.
    @discardableResult
    func end(_ signal: Int32 = SIGTERM, within limit: Duration = .seconds(30)) async throws -> Exit
    {
        send(signal)
        return try await exit(within: limit)
    }

    // MARK: - What it says

    var output: String { get throws { try read("output") } }
    var errors: String { get throws { try read("errors") } }

    /// The first line of standard output or error that has the text in it.
    func line(containing text: String, within limit: Duration = .seconds(60)) async throws -> String
    {
        try await wait(for: "\"\(text)\" from \(name)", within: limit, evidence: evidence) {
            let lines = try (output + "\n" + errors).split(separator: "\n")
            if let line = lines.first(where: { $0.contains(text) }) { return String(line) }
            guard process.isRunning else {
                throw WaitedInVain(description: "\(name) ended. \(evidence())")
            }
            return nil
        }
    }

    private func evidence() -> String {
        do {
            return "It said: \(try output.suffix(2_000)) \(try errors.suffix(2_000))"
        } catch {
            return "What it said cannot be read: \(error)"
        }
    }

    private func read(_ stream: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: scratch.path(stream))), as: UTF8.self)
    }

    private static func file(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    private static func find(_ program: String) throws -> URL {
        guard !program.contains("/") else { return URL(filePath: program) }
        let folders = ProcessInfo.processInfo.environment["PATH", default: "/usr/bin"]
            .split(separator: ":")
        let path = folders.map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return URL(
            filePath: try #require(
                path, "\(program) is not installed; scripts/setup --tests does it"))
    }
}

/// Where the programs of the tests are.
enum Programs {
    /// The binary under test lies beside the bundle of these tests.
    static var agent: String {
        Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "evse-agent").path
    }

    /// The interpreter with pymodbus, which `scripts/setup --tests` makes.
    static var python: String {
        get throws {
            let path = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: ".venv/bin/python").path
            try #require(
                FileManager.default.isExecutableFile(atPath: path),
                "no .venv with pymodbus; scripts/setup --tests makes it")
            return path
        }
    }

    static func peer(_ name: String) throws -> String {
        try #require(
            Bundle.module.url(forResource: name, withExtension: "py", subdirectory: "Peers")
        ).path
    }
}
