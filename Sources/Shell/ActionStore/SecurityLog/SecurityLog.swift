import ChargeControl
import ChargeModel
import Dispatch
import Foundation
import Glibc
import Synchronization

/// The log of security and safety events in the state directory (requirement R44): text, one line an
/// event, append-only, each line bound to the one before by a hash (``LogEntry``).
///
/// Files of its own and not a table: a damaged database is set aside, and what this log has to say is
/// wanted then more than ever. Several processes may write; they take turns under a lock.
///
/// The chain shows that a line was changed, removed or put elsewhere. It cannot show that lines are
/// missing at its end, nor that somebody who may write the files made all of it anew: for that the
/// last hash must be noted where they cannot write (``verify(directory:)`` tells it).
package final class SecurityLog: EventLog {
    private let writer: Mutex<LogWriter>
    /// Writing waits for the disk and for other processes, which is nothing for Swift's own threads.
    private let queue = DispatchQueue(label: "evse-agent security log")

    private init(_ writer: consuming sending LogWriter) {
        self.writer = Mutex(writer)
    }

    /// Opens the log of a state directory; makes both if they are missing. An incomplete last line is
    /// moved to a file beside it before the first event is written, which that is noted with.
    package static func open(directory: String) throws(StoreError) -> SecurityLog {
        do {
            let files = LogFiles(directory: try StateDirectory.prepare(directory))
            return SecurityLog(try LogWriter(files))
        } catch {
            throw StoreError(error)
        }
    }

    package func record(_ event: SecurityEvent) async {
        await onQueue { $0.record(event) }
    }

    /// Writes failures of authentication that are counted and not written yet; for the end.
    package func flush(at now: TimePoint) async {
        await onQueue { $0.flush(at: now) }
    }

    /// How many events could not be written; 0 again once that is in the log.
    package var lost: Int { writer.withLock { $0.lost } }

    private func onQueue(_ body: @escaping @Sendable (inout LogWriter) -> Void) async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                writer.withLock { body(&$0) }
                continuation.resume()
            }
        }
    }
}

// MARK: - Verification

extension SecurityLog {
    package enum Verification: Hashable, Sendable {
        /// `hash` is that of the last line, to be noted elsewhere.
        case intact(first: Int, last: Int, hash: String)
        case empty
        /// The first line that is wrong.
        case broken(file: String, line: Int, reason: String)
    }

    /// Checks every line of the log of a state directory. Writes nothing, and waits for nobody: what is
    /// appended meanwhile may or may not be looked at.
    package static func verify(directory: String) throws(StoreError) -> Verification {
        let files = LogFiles(directory: StateDirectory(path: directory))
        do {
            var chain = Chain()
            for path in try files.allFull() + [files.current] {
                if let broken = try chain.check(path) { return broken }
            }
            guard let first = chain.first, let last = chain.last else { return .empty }
            return .intact(first: first, last: last.sequence, hash: last.hash)
        } catch {
            throw .unavailable(reason: "cannot read the log in \(directory): \(error)")
        }
    }

    private struct Chain {
        var first: Int?
        var last: LogEntry?

        mutating func check(_ path: String) throws -> Verification? {
            let (lines, rest) = LogFiles.lines(of: try LogFiles.bytes(of: path))
            for (index, line) in lines.enumerated() {
                if let reason = add(line) {
                    return .broken(file: path, line: index + 1, reason: reason)
                }
            }
            guard rest.isEmpty else {
                return .broken(
                    file: path, line: lines.count + 1,
                    reason: """
                        it is not complete. A crash can leave such a last line; the next start of \
                        the agent moves it aside and notes that
                        """)
            }
            return nil
        }

        /// - Returns: What is wrong with the line.
        private mutating func add(_ line: ArraySlice<UInt8>) -> String? {
            guard let (entry, previous, isRight) = LogEntry.parse(line) else {
                return "it does not have the form of an entry"
            }
            guard isRight else { return "it was changed: its hash does not fit" }
            if let last {
                guard entry.sequence == last.sequence + 1 else {
                    return "it has the number \(entry.sequence) and comes after \(last.sequence)"
                }
                guard previous == last.hash else { return "the line before it was replaced" }
            } else {
                // Older files are removed in time, so that the first line may have any number.
                guard entry.sequence != 1 || previous == LogEntry.noHash else {
                    return "it is the first one and names one before it"
                }
                first = entry.sequence
            }
            last = entry
            return nil
        }
    }
}
