import ChargeControl
import ChargeModel
import Crypto
import Foundation

/// One line of the security log.
///
/// `{"seq":7,"time":"2026-06-02T12:00:00.000Z","trusted":true,"kind":"started","detail":{"version":
/// "1.0"},"prev":"<64 hex digits>","hash":"<64 hex digits>"}` and a line feed. `prev` is the hash of
/// the line before, `hash` the SHA-256 of this line's bytes before `,"hash"`: it covers `prev`, and so
/// every line before. What is hashed is what stands in the file, so that no two programs can disagree
/// about how an entry is encoded.
struct LogEntry: Hashable {
    /// The `prev` of the very first line.
    static let noHash = String(repeating: "0", count: 64)

    /// A value is cut off here; no line is longer than 2 KiB or so.
    private static let maximumValue = 400

    var sequence: Int
    var hash: String

    /// The bytes of a new line, and what they are in short.
    static func line(
        _ kind: String, _ facts: [SecurityEvent.Kind.Fact], at time: TimePoint, sequence: Int,
        after previous: String
    ) -> (bytes: [UInt8], entry: LogEntry) {
        let details = facts.map { "\(quoted($0.name)):\(quoted($0.value))" }
        let body = """
            {"seq":\(sequence),"time":\(quoted(text(time.wall))),"trusted":\(time.isWallTrusted),\
            "kind":\(quoted(kind)),"detail":{\(details.joined(separator: ","))},\
            "prev":"\(previous)"
            """
        let hash = hash(of: Array(body.utf8))
        return (
            Array("\(body),\"hash\":\"\(hash)\"}\n".utf8),
            LogEntry(sequence: sequence, hash: hash)
        )
    }

    /// A line taken apart, without its line feed; nil if its form is not that of ``line``.
    ///
    /// - Returns: The entry, the hash that it states of the line before, and whether its own is right.
    static func parse(
        _ line: ArraySlice<UInt8>
    ) -> (entry: LogEntry, previous: String, isRight: Bool)? {
        let tail = #","hash":""#.utf8.count + 64 + 2
        guard line.count > tail, line.suffix(2).elementsEqual(Array(#""}"#.utf8)) else {
            return nil
        }
        let body = line.dropLast(tail)
        let rest = line[body.endIndex...]
        guard rest.starts(with: Array(#","hash":""#.utf8)) else { return nil }
        let stated = String(decoding: rest.dropLast(2).suffix(64), as: UTF8.self)
        let previousTail = Array(#","prev":""#.utf8)
        guard body.count > previousTail.count + 65, body.last == UInt8(ascii: "\"") else {
            return nil
        }
        let previous = String(decoding: body.dropLast().suffix(64), as: UTF8.self)
        let head = Array(#"{"seq":"#.utf8)
        guard body.starts(with: head),
            body.dropLast(65).suffix(previousTail.count)
                .elementsEqual(previousTail)
        else { return nil }
        let digits = body.dropFirst(head.count).prefix { $0 != UInt8(ascii: ",") }
        guard let sequence = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        return (
            LogEntry(sequence: sequence, hash: stated), previous,
            hash(of: Array(body)) == stated
        )
    }

    private static func hash(of bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    private static func text(_ instant: WallInstant) -> String {
        Date(timeIntervalSince1970: Double(instant.milliseconds) / 1000)
            .formatted(
                Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
    }

    /// As JSON has it. What is no printable ASCII is escaped: a source or a name must not be able to
    /// write to the terminal of whoever reads the log (requirement R43).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16.prefix(maximumValue) {
            switch unit {
            case 0x22, 0x5C: result += "\\" + String(UnicodeScalar(UInt8(unit)))
            case 0x20...0x7E: result += String(UnicodeScalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
