import ChargeControl
import ChargeModel
import GRDB

/// What is removed when it has had its time.
extension ActionStore {
    /// Rows of one kind that one transaction removes at most: commits wait behind it for a few
    /// milliseconds, and not longer.
    private static let pruningBatch = 200

    /// Of one call. What is left then is for the next one.
    private static let maximumBatches = 5_000

    package func prune(now: WallInstant) async throws(StoreError) -> Int {
        var removed = 0
        for _ in 0..<Self.maximumBatches {
            // Looking takes no write, and on most days that is all.
            let isAnything = try await read { [retention] database in
                try Pruning(retention, now: now, in: database).isAnything(in: database)
            }
            guard isAnything else { break }
            removed += try await write { [retention] database in
                let pruning = try Pruning(retention, now: now, in: database)
                return try pruning.run(atMost: Self.pruningBatch, in: database)
            }
        }
        return removed
    }
}

/// One look at what is beyond the retention, and its removal.
private struct Pruning {
    /// An action that nobody needs any more, but for its place in the history.
    private static let isRemovable = """
        state NOT IN ('scheduled', 'acknowledged')
        AND sequence <> (
            SELECT max(newest.sequence) FROM actions AS newest INDEXED BY actions_by_insertion
            WHERE newest.charger_id = actions.charger_id)
        AND id NOT IN (
            SELECT window_action_id FROM intents WHERE window_action_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM idempotency WHERE action_id = actions.id)
        """

    private static let oldRecords = """
        SELECT scope, key FROM idempotency WHERE created_at_ms < ? LIMIT ?
        """

    private static let oldActions = """
        SELECT sequence FROM actions INDEXED BY actions_by_charger
        WHERE charger_id = ? AND created_at_ms < ? AND \(isRemovable)
        ORDER BY created_at_ms LIMIT ?
        """

    private static let firstActions = """
        SELECT sequence FROM actions WHERE \(isRemovable) ORDER BY sequence LIMIT ?
        """

    private let oldestRecord: Int64
    private let oldestAction: Int64
    private let chargers: [String]
    /// How many actions there are beyond the number that is kept.
    private let excess: Int

    init(_ retention: ActionRetention, now: WallInstant, in database: Database) throws {
        oldestRecord =
            now.advanced(by: .zero - ActionStore.idempotencyLifetime).milliseconds
        oldestAction = now.advanced(by: .zero - retention.age).milliseconds
        chargers = try String.fetchAll(
            database, sql: "SELECT DISTINCT charger_id FROM action_counts")
        let count = try Int.fetchOne(database, sql: "SELECT sum(count) FROM action_counts")
        excess = max(0, (count ?? 0) - retention.count)
    }

    func isAnything(in database: Database) throws -> Bool {
        let record = try Row.fetchOne(
            database, sql: Self.oldRecords, arguments: [oldestRecord, 1])
        guard record == nil else { return true }
        for charger in chargers {
            let action = try Row.fetchOne(
                database, sql: Self.oldActions, arguments: [charger, oldestAction, 1])
            guard action == nil else { return true }
        }
        guard excess > 0 else { return false }
        return try Row.fetchOne(database, sql: Self.firstActions, arguments: [1]) != nil
    }

    /// - Returns: How many actions were removed.
    func run(atMost limit: Int, in database: Database) throws -> Int {
        // Records first: one that holds keeps its action.
        try database.execute(
            sql: "DELETE FROM idempotency WHERE (scope, key) IN (\(Self.oldRecords))",
            arguments: [oldestRecord, limit])
        var removed = 0
        for charger in chargers where removed < limit {
            removed += try remove(
                Self.oldActions, [charger, oldestAction, limit - removed], in: database)
        }
        let beyond = min(excess - removed, limit - removed)
        guard beyond > 0 else { return removed }
        return removed + (try remove(Self.firstActions, [beyond], in: database))
    }

    private func remove(
        _ selection: String, _ arguments: StatementArguments, in database: Database
    ) throws -> Int {
        try database.execute(
            sql: "DELETE FROM actions WHERE sequence IN (\(selection))", arguments: arguments)
        return database.changesCount
    }
}
