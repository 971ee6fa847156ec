import Foundation

/// The head of a database file, looked at before SQLite does (https://sqlite.org/fileformat2.html,
/// section 1.3).
///
/// SQLite takes some of its bytes for what a later version may have written: then it refuses the file
/// as too new, or opens it for reading alone, and not as damaged. No file of ours has such values, so
/// here they are damage.
enum DatabaseHead {
    static let size = 100

    private static let magic = Array("SQLite format 3\0".utf8)

    /// - Returns: What is wrong with the head of a file; nil if nothing is, or the file is empty.
    static func problem(at path: String) throws -> String? {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { _ = Result { try file.close() } }
        let head = [UInt8](try file.read(upToCount: size) ?? Data())
        return head.isEmpty ? nil : problem(of: head)
    }

    static func problem(of head: [UInt8]) -> String? {
        guard head.count == size else { return "it ends within its head" }
        guard head.starts(with: magic) else { return "it is no database of SQLite" }
        let pageSize = Int(head[16]) << 8 | Int(head[17])
        guard pageSize == 1 || 512...32_768 ~= pageSize && pageSize.nonzeroBitCount == 1 else {
            return "its head states pages of \(pageSize) bytes"
        }
        guard 1...2 ~= head[18], 1...2 ~= head[19] else {
            return "its head states the versions \(head[18]) and \(head[19]) of the format"
        }
        guard head[20] == 0, head[21...23] == [64, 32, 32] else {
            return "its head states another layout of pages"
        }
        guard word(head, at: 44) <= 4 else {
            return "its head states the format \(word(head, at: 44)) of the schema"
        }
        // It was made without, and never changed.
        guard word(head, at: 52) == 0 else { return "its head states that it vacuums itself" }
        guard word(head, at: 56) <= 1 else {
            return "its head states the text encoding \(word(head, at: 56))"
        }
        return nil
    }

    private static func word(_ bytes: [UInt8], at place: Int) -> UInt32 {
        bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
