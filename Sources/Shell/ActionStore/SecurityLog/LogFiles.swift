import Foundation
import Glibc

/// The files of the security log: the one that is written, those before it, and a lock.
struct LogFiles: Sendable {
    /// Bytes after which a new file is begun.
    static let fileSize = 1024 * 1024
    /// Full files that are kept. A line has 250 to 600 bytes, so that these hold 14,000 events or
    /// more; 10,000 are asked for.
    static let fullFiles = 8

    private static let name = "evse-agent-events"
    private static let suffix = ".jsonl"

    let directory: StateDirectory

    var current: String { "\(directory.path)/\(Self.name)\(Self.suffix)" }
    var lock: String { "\(directory.path)/\(Self.name).lock" }
    /// What incomplete last lines were moved to.
    var torn: String { "\(directory.path)/\(Self.name).torn" }

    /// - Parameter last: The number of its last entry; ten digits last for 300 years of one a second.
    func full(upTo last: Int) -> String {
        let digits = String(last)
        let number = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        return "\(directory.path)/\(Self.name)-\(number)\(Self.suffix)"
    }

    /// Full files, oldest first.
    func allFull() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasPrefix(Self.name + "-") && $0.hasSuffix(Self.suffix) }.sorted()
            .map { "\(directory.path)/\($0)" }
    }

    /// The bytes of a file; none if it is missing.
    static func bytes(of path: String) throws -> [UInt8] {
        guard access(path, F_OK) == 0 else { return [] }
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// The lines that end with a line feed, without it, and what comes after the last one.
    static func lines(
        of bytes: [UInt8]
    ) -> (complete: [ArraySlice<UInt8>], rest: ArraySlice<UInt8>) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let rest = lines.popLast() ?? []
        return (lines, rest)
    }
}
