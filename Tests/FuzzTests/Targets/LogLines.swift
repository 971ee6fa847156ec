import ChargeControl
import ChargeModel

@testable import ActionStore

/// Lines of the security log as somebody may have edited them (requirement R44): only what was written
/// so has a right hash, and what names hold cannot leave its line.
enum LogLines {
    static func check(_ bytes: [UInt8]) throws {
        if let parsed = LogEntry.parse(bytes[...]) {
            try hold(parsed.previous.unicodeScalars.count <= 64, "a long hash")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 1),
            wall: WallInstant(milliseconds: 1_780_000_000_000))
        let (line, entry) = LogEntry.line(
            text, [], at: now, sequence: bytes.count, after: LogEntry.noHash)
        try hold(
            line.last == UInt8(ascii: "\n") && line.dropLast().allSatisfy { 0x20...0x7E ~= $0 },
            "a line has other characters")
        let parsed = LogEntry.parse(line.dropLast())
        try hold(parsed?.isRight == true && parsed?.entry == entry, "it is not read again")
        guard let place = bytes.first.map({ Int($0) % (line.count - 1) }) else { return }
        var edited = line
        edited[place] ^= 1
        try hold(LogEntry.parse(edited.dropLast())?.isRight != true, "an edit is not seen")
    }
}
