import Foundation

/// Counts the commits that a write-ahead log has lost: SQLite takes its frames up to the first one
/// whose checksum is wrong, without a word, since that is how every log ends after a power cut, and
/// deletes the log when the database is closed.
///
/// Behind the last right frame, a frame of the same round (it carries the salts of the header) that
/// ends a commit is the end of a lost one. There may also be what is left of earlier rounds, with other
/// salts, and of a transaction that was rolled back, which ends none. (Layout and checksum:
/// https://sqlite.org/fileformat2.html, section 4.)
///
/// One lost commit may be the last one, that a power cut has stopped before it was acknowledged; two
/// cannot, since each is synced before the next. A log that simply ends too early looks like one that
/// never was longer.
enum WriteAheadLogCheck {
    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// - Returns: Nil if the header is damaged, so that nothing is known of the log.
    static func lostCommits(at path: String) throws -> Int? {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return lostCommits(in: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    static func lostCommits(in log: [UInt8]) -> Int? {
        guard !log.isEmpty else { return 0 }
        guard log.count >= headerSize, word(log, at: 0) & ~1 == 0x377F_0682 else { return nil }
        var sum = Checksum(isBigEndian: word(log, at: 0) & 1 == 1)
        sum.add(log, 0..<24)
        let pageSize = Int(word(log, at: 8))
        guard sum.matches(log, at: 24), 512...65_536 ~= pageSize else { return nil }
        let frameSize = frameHeaderSize + pageSize
        var isInSequence = true
        var lost = 0
        for frame in stride(from: headerSize, through: log.count - frameHeaderSize, by: frameSize) {
            let isOurs =
                word(log, at: frame + 8) == word(log, at: 16)
                && word(log, at: frame + 12) == word(log, at: 20)
            if isInSequence, isOurs, frame + frameSize <= log.count {
                sum.add(log, frame..<frame + 8)
                sum.add(log, frame + frameHeaderSize..<frame + frameSize)
                isInSequence = sum.matches(log, at: frame + 16)
            } else {
                isInSequence = false
            }
            let endsCommit = word(log, at: frame + 4) != 0
            if !isInSequence, isOurs, endsCommit { lost += 1 }
        }
        return lost
    }

    private static func word(_ bytes: [UInt8], at place: Int) -> UInt32 {
        UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16
            | UInt32(bytes[place + 2]) << 8 | UInt32(bytes[place + 3])
    }

    private struct Checksum {
        let isBigEndian: Bool
        var first: UInt32 = 0
        var second: UInt32 = 0

        init(isBigEndian: Bool) {
            self.isBigEndian = isBigEndian
        }

        /// - Parameter range: A multiple of 8 long.
        mutating func add(_ bytes: [UInt8], _ range: Range<Int>) {
            bytes.withUnsafeBytes { raw in
                for place in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                    first &+= word(raw, place) &+ second
                    second &+= word(raw, place + 4) &+ first
                }
            }
        }

        func matches(_ log: [UInt8], at place: Int) -> Bool {
            first == WriteAheadLogCheck.word(log, at: place)
                && second == WriteAheadLogCheck.word(log, at: place + 4)
        }

        private func word(_ raw: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
            let word = raw.loadUnaligned(fromByteOffset: place, as: UInt32.self)
            return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
        }
    }
}
