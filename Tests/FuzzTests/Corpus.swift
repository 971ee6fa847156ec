import Foundation

/// The inputs that are kept of one target: a line each, with what is not printable ASCII as `\n`, `\t`,
/// `\\` or `\x1F`. `scripts/fuzz --keep` writes them: the smallest inputs that together reach all that
/// was ever reached. Those that showed a mistake stand in a file of their own and stay for ever.
enum Corpus {
    static func inputs(of target: String) throws -> [[UInt8]] {
        try lines(of: "\(target).txt") + lines(of: "\(target).findings.txt")
    }

    /// Without the file there are no lines.
    private static func lines(of file: String) throws -> [[UInt8]] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Corpus/\(file)")
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        return try String(contentsOf: url, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: true)
            .map { try bytes(of: $0) }
    }

    struct Unreadable: Error {
        var line: String
    }

    static func bytes(of line: some StringProtocol) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Substring(line).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.count == 2, let byte = UInt8(digits, radix: 16) else {
                    throw Unreadable(line: String(line))
                }
                bytes.append(byte)
                rest = rest.dropFirst(2)
            default: throw Unreadable(line: String(line))
            }
        }
        return bytes
    }
}
