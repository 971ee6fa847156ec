import ChargeControl
import ChargeModel
import Foundation
import Glibc

/// Appends lines to the security log: under a lock that all processes take, each line with one write,
/// and synced before the lock is released.
struct LogWriter: ~Copyable {
    /// What is at the end of the file, as far as this process knows.
    private struct End {
        var file: ino_t
        var size: Int
        var entry: LogEntry
    }

    private let files: LogFiles
    private let lock: CInt
    /// Kept open: closing a file tells whoever watches the directory that something has changed.
    private var file: CInt
    private var end: End?
    /// Of authentication, by source.
    private var failures = RepeatedEvents()
    /// Of limits, by charger.
    private var refusals = RepeatedEvents()
    /// Events that could not be written and are not told of yet.
    private(set) var lost = 0
    /// Bytes of incomplete lines that were moved aside and are not told of yet.
    private var torn = 0

    /// Opens the log. An incomplete end is repaired before the first line that is written.
    init(_ files: LogFiles) throws {
        let lock = try files.directory.openPrivate(files.lock)
        let file: CInt
        do {
            file = try Self.open(files)
        } catch {
            close(lock)
            throw error
        }
        self.files = files
        self.lock = lock
        self.file = file
    }

    deinit {
        close(file)
        close(lock)
    }

    mutating func record(_ event: SecurityEvent) {
        var lines = repeated(at: event.at)
        switch event.kind {
        case .authenticationFailed(let source):
            let report = failures.happened(event.kind, from: source, at: event.at)
            if let report { lines.append(Line(report)) }
        case .limitRefused(let charger, _):
            let report = refusals.happened(event.kind, from: charger.rawValue, at: event.at)
            if let report { lines.append(Line(report)) }
        default:
            lines.append(Line(event))
        }
        write(lines, at: event.at)
    }

    /// Writes what is counted and not written yet.
    mutating func flush(at now: TimePoint) {
        write(repeated(at: now, isForced: true), at: now)
    }

    private mutating func repeated(at now: TimePoint, isForced: Bool = false) -> [Line] {
        (failures.due(at: now, isForced: isForced) + refusals.due(at: now, isForced: isForced))
            .map(Line.init)
    }

    private struct Line {
        var kind: String
        var facts: [SecurityEvent.Kind.Fact]
        var at: TimePoint

        init(_ kind: String, _ facts: [SecurityEvent.Kind.Fact], at: TimePoint) {
            self.kind = kind
            self.facts = facts
            self.at = at
        }

        init(_ event: SecurityEvent) {
            self.init(event.kind.name, event.kind.facts, at: event.at)
        }

        init(_ report: RepeatedEvents.Report) {
            self.init(
                report.kind.name,
                report.kind.facts + [SecurityEvent.Kind.Fact("count", "\(report.count)")],
                at: report.at)
        }
    }

    private mutating func write(_ lines: [Line], at now: TimePoint) {
        guard !lines.isEmpty else { return }
        var waiting = lines
        if lost > 0 {
            waiting.insert(
                Line("events_lost", [SecurityEvent.Kind.Fact("count", "\(lost)")], at: now), at: 0)
        }
        do {
            try withLock { writer in
                try writer.findEnd()
                if writer.torn > 0 {
                    let fact = SecurityEvent.Kind.Fact("bytes", "\(writer.torn)")
                    waiting.insert(Line("log_repaired", [fact], at: now), at: 0)
                }
                try writer.append(waiting)
            }
            lost = 0
            torn = 0
        } catch {
            // A full disk, most of all. The next event that can be written tells of it.
            lost += lines.count
        }
    }

    /// Runs `body` while no other process writes.
    private mutating func withLock<Value>(
        _ body: (inout LogWriter) throws -> Value
    ) throws -> Value {
        guard flock(lock, LOCK_EX) == 0 else { throw failure("lock", files.lock) }
        defer { flock(lock, LOCK_UN) }
        return try body(&self)
    }
}

// MARK: - The file, under the lock

extension LogWriter {
    private static func open(_ files: LogFiles) throws -> CInt {
        let descriptor = try files.directory.openPrivate(files.current)
        guard fcntl(descriptor, F_SETFL, O_APPEND) == 0 else {
            let reason = errno
            close(descriptor)
            throw StateDirectoryError.system(
                path: files.current, operation: "append to", errno: reason)
        }
        return descriptor
    }

    private func failure(_ operation: String, _ path: String) -> StateDirectoryError {
        .system(path: path, operation: operation, errno: errno)
    }

    private func status() throws -> stat {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("read the size of", files.current) }
        return status
    }

    /// Looks at the end of the file, unless this process was the last one to write. An incomplete last
    /// line, which a crash can leave, is moved to a file of its own.
    private mutating func findEnd() throws {
        var named = stat()
        let isThere = stat(files.current, &named) == 0
        let opened = try status().st_ino
        if !isThere || named.st_ino != opened {
            // Another process has begun a new file.
            let next = try Self.open(files)
            close(file)
            file = next
            end = nil
        }
        let status = try status()
        if let end, end.file == status.st_ino, end.size == Int(status.st_size) { return }
        let (lines, rest) = LogFiles.lines(of: try LogFiles.bytes(of: files.current))
        if !rest.isEmpty {
            try moveAside(Array(rest), from: Int(status.st_size) - rest.count)
            torn += rest.count
        }
        let entry = try lastEntry(of: lines) ?? lastEntryOfFullFiles()
        end = End(
            file: status.st_ino, size: Int(status.st_size) - rest.count,
            entry: entry ?? LogEntry(sequence: 0, hash: LogEntry.noHash))
    }

    /// The last one that has the form of an entry: what comes after it is for the verification to find,
    /// and must not keep the log from going on.
    private func lastEntry(of lines: [ArraySlice<UInt8>]) throws -> LogEntry? {
        for line in lines.reversed() {
            if let parsed = LogEntry.parse(line) { return parsed.entry }
        }
        return nil
    }

    private func lastEntryOfFullFiles() throws -> LogEntry? {
        guard let newest = try files.allFull().last else { return nil }
        return try lastEntry(of: LogFiles.lines(of: try LogFiles.bytes(of: newest)).complete)
    }

    private func moveAside(_ bytes: [UInt8], from place: Int) throws {
        let torn = try files.directory.openPrivate(files.torn)
        defer { close(torn) }
        guard lseek(torn, 0, SEEK_END) >= 0, Glibc.write(torn, bytes, bytes.count) == bytes.count,
            fsync(torn) == 0
        else { throw failure("write", files.torn) }
        guard ftruncate(file, off_t(place)) == 0, fsync(file) == 0 else {
            throw failure("repair", files.current)
        }
    }

    private mutating func append(_ lines: [Line]) throws {
        guard var end else { return }
        if end.size >= LogFiles.fileSize { end = try beginFile(after: end) }
        var bytes: [UInt8] = []
        for line in lines {
            let made = LogEntry.line(
                line.kind, line.facts, at: line.at, sequence: end.entry.sequence + 1,
                after: end.entry.hash)
            bytes += made.bytes
            end.entry = made.entry
        }
        let isWritten = Glibc.write(file, bytes, bytes.count) == bytes.count
        guard isWritten, fdatasync(file) == 0 else {
            let error = failure("write", files.current)
            // Without a part of a line; should that fail too, the next look at the end repairs it.
            ftruncate(file, off_t(end.size))
            self.end = nil
            throw error
        }
        end.size += bytes.count
        self.end = end
    }

    /// Gives the full file its name, removes what is too old, and begins a new file. The chain goes on.
    private mutating func beginFile(after end: End) throws -> End {
        guard rename(files.current, files.full(upTo: end.entry.sequence)) == 0 else {
            throw failure("rename", files.current)
        }
        for old in try files.allFull().dropLast(LogFiles.fullFiles) {
            guard unlink(old) == 0 else { throw failure("remove", old) }
        }
        let next = try Self.open(files)
        close(file)
        file = next
        return End(file: try status().st_ino, size: 0, entry: end.entry)
    }
}
