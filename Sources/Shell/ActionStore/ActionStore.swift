import ChargeControl
import Foundation
import GRDB
import Synchronization

/// What outlives the process, in one SQLite database: actions, intents, settings, what was answered
/// under idempotency keys, and the hashes of the API keys.
///
/// It owns the state directory and its files. It decides nothing: what becomes durable, and when, is
/// told to it through ``ActionRepository``. It never stores a secret, and it never writes unasked.
///
/// Durability (requirement R16): write-ahead log with `synchronous = FULL`, so that a commit has
/// reached the disk when it returns. Reads have connections of their own and do not wait behind a
/// commit on a slow card.
///
/// Nothing here is cancelled with the task that asks: a commit that was begun is either durable or
/// refused, and the caller hears which.
package final class ActionStore: Sendable {
    /// How long a statement waits for another process, such as `keys create`, to release the
    /// database.
    static let busyTimeout: TimeInterval = 2

    /// KiB of page cache; the whole index of a year of actions fits.
    private static let cacheSize = "PRAGMA cache_size = -512"

    /// SQLite's default is to begin again after 1000 pages of 4 KiB, each with a head of 24 bytes.
    private static let logBytes = 4 * 1024 * 1024

    /// Connections that read, besides the one that writes.
    private static let readers = 2

    /// Open to the tests, which put a connection into states that only a failing disk has otherwise.
    let pool: DatabasePool

    let retention: ActionRetention

    /// Whether a write has failed below SQLite, so that the log may hold a commit that was refused.
    private let isLogSuspect = Mutex(false)

    private init(pool: DatabasePool, retention: ActionRetention) {
        self.pool = pool
        self.retention = retention
    }

    /// Opens the database of a state directory, and makes both if they are missing: the directory
    /// with mode 0700, the database with mode 0600.
    ///
    /// Blocks for some milliseconds. Several processes may have the same database open.
    ///
    /// - Throws: `.corrupt` if the file is damaged or not a database of this program; `.unavailable`
    ///   if it belongs to another user, cannot be opened, was written by a newer release, or does
    ///   not promise durability.
    package static func open(
        directory: String, retention: ActionRetention = .standard
    ) throws(StoreError) -> ActionStore {
        do {
            return try openUnlessDamaged(
                StateDirectory.prepare(directory), retention: retention)
        } catch {
            throw StoreError(opening: directory, error)
        }
    }

    /// - Throws: ``Damage``, or an error of SQLite that ``isDamage(_:)`` knows, for what is to be set
    ///   aside; others for what is not.
    static func openUnlessDamaged(
        _ directory: StateDirectory, retention: ActionRetention
    ) throws -> ActionStore {
        if directory.isUsed, directory.size(of: directory.databasePath) == 0 {
            throw Damage(reason: "it is empty, and it was not before")
        }
        try directory.prepareDatabaseFile()
        if let problem = try DatabaseHead.problem(at: directory.databasePath) {
            throw Damage(reason: problem)
        }
        let pool = try DatabasePool(
            path: directory.databasePath, configuration: connectionConfiguration)
        do {
            try pool.writeWithoutTransaction { database in
                try makeDurable(database)
                try checkIntegrity(database)
            }
            try Schema.migrate(pool)
            try pool.write(endUnreadableActions)
        } catch {
            pool.invalidateReadOnlyConnections()
            // What is wrong is told by the error that is there already.
            _ = Result { try pool.close() }
            throw error
        }
        return ActionStore(pool: pool, retention: retention)
    }

    /// Closes every connection. Waits for what is under way; later calls fail.
    package func close() throws(StoreError) {
        do {
            // Readers first: only a connection that writes can move the log into the database, and
            // SQLite does it when the last connection closes.
            pool.invalidateReadOnlyConnections()
            try pool.close()
        } catch {
            throw StoreError(error)
        }
    }

    /// Gives the write-ahead log its full size at once, by a transaction that is rolled back.
    ///
    /// A commit that makes the log longer waits for the file system's journal too; one that
    /// overwrites does not. SQLite begins again at the start of the log after about 1000 pages, so
    /// that this is the size it has in the long run anyway. It writes 4 MiB unless they are there
    /// from before, and commits wait meanwhile: to be called once, when the agent runs.
    package func growLog() async throws(StoreError) {
        let path = pool.path + "-wal"
        try await onWriter { database in
            let log = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            guard try log.seekToEnd() < Self.logBytes else { return }
            // With a small cache SQLite writes the pages out before the transaction ends.
            try database.execute(sql: "PRAGMA cache_size = 16")
            let outcome = Result {
                try database.inTransaction(.immediate) {
                    try database.execute(sql: "CREATE TABLE filling (bytes BLOB)")
                    try database.execute(
                        sql: "INSERT INTO filling VALUES (zeroblob(?))", arguments: [Self.logBytes])
                    return .rollback
                }
            }
            try database.execute(sql: Self.cacheSize)
            try outcome.get()
            try log.synchronize()
        }
    }

    private static var connectionConfiguration: Configuration {
        var configuration = Configuration()
        configuration.label = "evse-agent store"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = readers
        configuration.prepareDatabase { database in
            try Schema.checkIdentity(database)
            try database.execute(sql: cacheSize)
            // Sorting must not write to a flash card.
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            try database.execute(sql: "PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// Makes every commit of this connection wait for the disk.
    ///
    /// GRDB sets NORMAL when it turns the write-ahead log on, which is after `prepareDatabase`; so
    /// this comes once the pool is open, and is read back.
    private static func makeDurable(_ database: Database) throws {
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let full = 2
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard synchronous == full else {
            throw StoreError.unavailable(
                reason: """
                    commits would not survive a power cut: PRAGMA synchronous is \
                    \(synchronous.map(String.init) ?? "not readable"), not \(full) (FULL); this \
                    SQLite library cannot be used
                    """)
        }
    }

    private static func checkIntegrity(_ database: Database) throws {
        let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
        guard findings == ["ok"] else {
            throw Damage(reason: findings.joined(separator: "; "))
        }
    }
}

// MARK: - Access

extension ActionStore {
    /// Runs `body` in one transaction; durable when this returns.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await onWriter { [self] database in
            try repairLogIfNeeded(database)
            do {
                return try Self.transaction(on: database, body)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
                isLogSuspect.withLock { $0 = true }
                // At once, for the process may be killed before the next write. If the disk still
                // fails, the mark stays, and the next write begins with another attempt.
                _ = Result { try repairLogIfNeeded(database) }
                throw error
            }
        }
    }

    /// Runs `body` on one consistent state of the database.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncRead { database in
                continuation.resume(
                    returning: Result { try body(database.get()) }.mapError(StoreError.init))
            }
        }
        return try result.get()
    }

    /// Runs `body` on the connection that writes, outside of a transaction.
    ///
    /// By callback and not by GRDB's `async` methods, because those give up with `CancellationError`
    /// when the task is cancelled, and then nobody knows whether the commit has happened.
    private func onWriter<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { database in
                continuation.resume(
                    returning: Result { try body(database) }.mapError(StoreError.init))
            }
        }
        return try result.get()
    }

    private static func transaction<Value>(
        on database: Database, _ body: (Database) throws -> Value
    ) throws -> Value {
        var value: Value?
        try database.inTransaction(.immediate) {
            value = try body(database)
            return .commit
        }
        guard let value else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
        return value
    }

    /// After a failed sync the log may hold a whole transaction whose commit was refused: were the
    /// process killed before the next commit overwrites it, recovery would bring it back (seen with
    /// injected errors, `scripts/check-durability`). Moving the log into the database and emptying
    /// it removes what was refused. That takes a disk that syncs again; until then the outcome of a
    /// refused commit stays open.
    private func repairLogIfNeeded(_ database: Database) throws {
        guard isLogSuspect.withLock({ $0 }) else { return }
        _ = try database.checkpoint(.truncate)
        try Self.checkIntegrity(database)
        isLogSuspect.withLock { $0 = false }
    }
}
