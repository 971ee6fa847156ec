import AgentTestSupport
import Foundation

/// Debian's `mbpoll`: a Modbus client that is not ours.
enum Mbpoll {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "mbpoll is not installed: these tests need it as a peer (apt-get install mbpoll)"
    }

    struct Result: Sendable {
        var status: Int32
        var output: String

        /// The values of a read, by wire address: lines such as `[32]: 	1`.
        var values: [Int: String] {
            var values: [Int: String] = [:]
            for line in output.split(separator: "\n") where line.hasPrefix("[") {
                let parts = line.dropFirst().split(separator: "]:", maxSplits: 1)
                guard parts.count == 2, let address = Int(parts[0]) else { continue }
                values[address] = parts[1].trimmingCharacters(in: .whitespaces)
            }
            return values
        }
    }

    /// Runs it once against a port of this computer, with addresses counted from 0.
    static func run(port: Int, _ arguments: [String], writing values: [String] = []) async throws
        -> Result
    {
        let process = Process()
        process.executableURL = try path()
        process.arguments =
            ["-m", "tcp", "-p", "\(port)", "-0", "-1", "-o", "5"] + arguments + ["127.0.0.1"]
            + (values.isEmpty ? [] : ["--"] + values)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.runAlone()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        // Less than a pipe holds, so that it can be read when all is over.
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return Result(status: status, output: String(decoding: output, as: UTF8.self))
    }

    private static func path() throws -> URL {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = directories.map { "\($0)/mbpoll" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:))
        else { throw Missing() }
        return URL(filePath: path)
    }
}
