import ChargeControl
import ChargeModel
import GRDB

/// What a start needs to know.
extension ActionStore {
    package func restore(
        _ chargers: [ChargerID]
    ) async throws(StoreError) -> [RestoredCharger] {
        try await read { database in
            try chargers.map { try Self.restored($0, in: database) }
        }
    }

    package func latestInstant() async throws(StoreError) -> WallInstant? {
        try await read { database in
            // Each of them is the end of an index, or in a table of one row per charger or key.
            try Int64.fetchOne(
                database,
                sql: """
                    SELECT max(latest) FROM (
                        SELECT max(updated_at_ms) AS latest FROM actions
                        UNION ALL SELECT max(created_at_ms) FROM idempotency
                        UNION ALL SELECT max(updated_at_ms) FROM intents
                        UNION ALL SELECT max(updated_at_ms) FROM settings
                        UNION ALL SELECT max(updated_at_ms) FROM schedules
                        UNION ALL SELECT max(created_at_ms) FROM api_keys
                        UNION ALL SELECT max(revoked_at_ms) FROM api_keys)
                    """
            ).map(WallInstant.init(milliseconds:))
        }
    }

    /// Ends actions that are not finished and cannot be read: they could never be carried out, and
    /// would keep every other action of their charger out. Writes nothing if there are none.
    static func endUnreadableActions(in database: Database) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM actions INDEXED BY actions_one_open
                WHERE state IN ('scheduled', 'acknowledged')
                """)
        for row in rows {
            do {
                _ = try ActionRow.action(from: row)
            } catch let error as UnreadableRow {
                try database.execute(
                    sql: """
                        UPDATE actions SET state = 'failed', error_code = ?, error_message = ?,
                        sandbox_error_code = NULL, sandbox_delay_ms = NULL WHERE sequence = ?
                        """,
                    arguments: [
                        ActionErrorCode.notApplied.rawValue,
                        "What was stored of it could not be read after a restart: \(error.reason)",
                        try row.decode(Int64.self, forColumn: "sequence"),
                    ])
            }
        }
    }

    private static func restored(
        _ charger: ChargerID, in database: Database
    ) throws -> RestoredCharger {
        var restored = RestoredCharger(charger: charger)
        var problems: [String] = []
        /// Reads one part. One that cannot be read is told of, and the others are read all the same.
        func part<Value>(_ name: String, _ body: () throws -> Value?) throws -> Value? {
            do {
                return try body()
            } catch let error as UnreadableRow {
                problems.append("\(name): \(error.reason)")
            } catch is RowDecodingError {
                problems.append("\(name): a column holds a value of another type")
            }
            return nil
        }
        let intent = try part("the intent") { try storedIntent(of: charger, in: database) }
        restored.intent = intent?.intent
        restored.intentUntil = intent?.until
        restored.openWindow = try part("the action of the open window") {
            guard let window = intent?.window else { return nil }
            return try action("WHERE id = ?", window, in: database)
        }
        restored.maxChargeRate = try part("the settings") {
            try maxChargeRate(of: charger, in: database)
        }
        let planned = try part("the schedule") {
            try Row.fetchOne(
                database, sql: ScheduleRow.select, arguments: [charger.rawValue]
            ).map { (try ScheduleRow.schedule(from: $0), try ScheduleRow.delay(from: $0)) }
        }
        restored.schedule = planned?.0
        restored.slotDelay = planned?.1
        restored.openAction = try part("the action that was not finished") {
            try action(
                """
                INDEXED BY actions_one_open
                WHERE charger_id = ? AND state IN ('scheduled', 'acknowledged')
                """, charger.rawValue, in: database)
        }
        restored.unreadable = problems.isEmpty ? nil : problems.joined(separator: "; ")
        // By insertion, not by time: the clock may have been wrong after a power cut. It is shown and
        // decides nothing, so that it is no problem if it cannot be read.
        restored.lastAction = try part("the newest action") {
            try action(
                """
                INDEXED BY actions_by_insertion
                WHERE charger_id = ? ORDER BY sequence DESC LIMIT 1
                """, charger.rawValue, in: database)
        }
        return restored
    }

    private static func action(
        _ clause: String, _ argument: String, in database: Database
    ) throws -> Action? {
        try Row.fetchOne(
            database, sql: "\(ActionRow.select) \(clause)", arguments: [argument]
        ).map(ActionRow.action)
    }

    private struct StoredIntent {
        var intent: ChargeIntent
        var window: String?
        var until: WallInstant?
    }

    private static func storedIntent(
        of charger: ChargerID, in database: Database
    ) throws -> StoredIntent? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT kind, adopted_limit_ma, window_action_id, until_ms FROM intents
                WHERE charger_id = ?
                """,
            arguments: [charger.rawValue])
        guard let row else { return nil }
        return StoredIntent(
            intent: try intent(from: row),
            window: try row.textIfPresent("window_action_id"),
            until: try row.instantIfPresent("until_ms"))
    }

    private static func intent(from row: Row) throws -> ChargeIntent {
        switch try row.text("kind") {
        case "charge": .charge
        case "idle": .idle
        case "adopted":
            .adopted(Milliamperes(Int(try row.number("adopted_limit_ma", in: adoptedLimits))))
        default:
            throw UnreadableRow(reason: "the column kind holds an unknown word")
        }
    }

    /// In mA: nothing above it is ever taken for a limit that was found.
    private static let adoptedLimits = 0...Int64(Milliamperes.pilotMaximum.rawValue)

    private static func maxChargeRate(
        of charger: ChargerID, in database: Database
    ) throws -> Watts? {
        try Row.fetchOne(
            database, sql: "SELECT max_charge_rate_w FROM settings WHERE charger_id = ?",
            arguments: [charger.rawValue]
        ).map { Watts(Int(try $0.number("max_charge_rate_w", in: 0...50_000))) }
    }
}
