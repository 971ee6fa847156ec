import ChargeControl
import Foundation
import GRDB
import Glibc

/// What becomes of a damaged database: the agent must come up (requirement R18), so the file is moved
/// aside, never deleted, and a new one is made. What the wallboxes are set to is then their ceiling,
/// as at the very first start.
extension ActionStore {
    /// Opens the database of a state directory as ``open(directory:retention:)`` does, but sets a
    /// damaged one aside. API keys and settings are taken over where that is safe (``Salvage``).
    ///
    /// Not set aside, but refused as ever: a database of another program or of a newer release, one
    /// that belongs to another user, may not be read or written, is held by another process, or is on
    /// a disk that fails or is full.
    ///
    /// - Parameter lock: Shows that no other agent uses the database.
    /// - Returns: The store, and what to tell people if a database was set aside.
    package static func openOrSetAside(
        directory path: String, holding lock: StateDirectoryLock,
        retention: ActionRetention = .standard
    ) throws(StoreError) -> (store: ActionStore, setAside: String?) {
        do {
            let directory = try StateDirectory.prepare(path)
            let isMissing = directory.isUsed && directory.size(of: directory.databasePath) == nil
            // Before SQLite looks at the log, and deletes what it does not take.
            let lostCommits = try lostCommits(of: directory)
            do {
                guard lostCommits ?? 0 < 2 else {
                    throw Damage(reason: "its log has lost commits, so that it is out of date")
                }
                let store = try openUnlessDamaged(directory, retention: retention)
                if lostCommits != 0 { store.emptyLog() }
                return (store, isMissing ? Self.missing(in: path) : nil)
            } catch  where isDamage(error) {
                let aside = try directory.setDatabaseAside()
                let salvage = Salvage(from: aside, lostCommits: lostCommits)
                let store = try openUnlessDamaged(directory, retention: retention)
                let outcome = try salvage.putInto(store.pool)
                let message = """
                    the database in \(path) was damaged (\(StoreError(error).logReason)). It is \
                    kept as \(aside), and a new one was made. \(outcome)
                    """
                return (store, message)
            }
        } catch {
            throw StoreError(opening: path, error)
        }
    }

    /// Somebody may have moved it away, to begin anew.
    private static func missing(in path: String) -> String {
        """
        the database in \(path) is missing, though the agent has run there before. A new one was \
        made, with no API keys: make new ones with evse-agent keys create
        """
    }

    /// A key command may be writing meanwhile, and be seen half done: more than one lost commit is
    /// believed only when it is seen twice.
    private static func lostCommits(of directory: StateDirectory) throws -> Int? {
        let path = directory.databasePath + "-wal"
        let lost = try WriteAheadLogCheck.lostCommits(at: path)
        guard let lost, lost > 1 else { return lost }
        return try WriteAheadLogCheck.lostCommits(at: path)
    }

    /// Removes what is left behind the end of the log, so that the next start does not count it. Where
    /// that cannot be done now, a later checkpoint does it.
    private func emptyLog() {
        _ = Result { try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
    }

    /// Whether the file itself is at fault, and not who asks for it or the disk that it is on.
    private static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case is Damage: true
        case let error as DatabaseError:
            [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        default: false
        }
    }
}

extension StoreError {
    var logReason: String {
        switch self {
        case .full: "the disk is full"
        case .unavailable(let reason), .corrupt(let reason): reason
        }
    }
}

extension StateDirectory {
    /// Gives the database and its log other names.
    ///
    /// The database first: SQLite deletes a log whose database is gone, but would take it for the log
    /// of a new one if the old one were still there without it.
    ///
    /// - Returns: The new path of the database.
    func setDatabaseAside(at now: Date = .now) throws -> String {
        let stamp = now.formatted(
            Date.ISO8601FormatStyle(
                dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt))
        var aside = "\(databasePath).corrupt-\(stamp)"
        // Twice in one second, or with a clock that always starts at the same time.
        for number in 2...1000 where access(aside, F_OK) == 0 {
            aside = "\(databasePath).corrupt-\(stamp)-\(number)"
        }
        for suffix in ["", "-wal", "-shm"] {
            guard rename(databasePath + suffix, aside + suffix) == 0 || errno == ENOENT else {
                throw StateDirectoryError.system(
                    path: databasePath + suffix, operation: "rename", errno: errno)
            }
        }
        return aside
    }
}
