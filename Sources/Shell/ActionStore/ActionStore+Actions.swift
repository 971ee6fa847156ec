import ChargeControl
import ChargeModel
import Foundation
import GRDB

extension ActionStore: ActionRepository {
    /// How long an answer is kept under a client's idempotency key.
    private static let idempotencyLifetime = Duration.seconds(24 * 60 * 60)

    package func commit(_ change: StoreChange) async throws(StoreError) {
        try await write { database in
            // Finished ones first: what replaces an action must not meet it still open, whatever
            // the order that the caller lists them in.
            let finished = change.actions.filter(\.state.isTerminal)
            let open = change.actions.filter { !$0.state.isTerminal }
            for action in finished + open {
                try database.cachedStatement(sql: ActionRow.upsert)
                    .execute(arguments: ActionRow.values(of: action))
            }
            if let intent = change.intent { try Self.apply(intent, to: database) }
            if let settings = change.settings { try Self.apply(settings, to: database) }
            if let record = change.idempotency { try Self.insert(record, into: database) }
        }
    }

    package func restore(
        _ chargers: [ChargerID]
    ) async throws(StoreError) -> [RestoredCharger] {
        try await read { database in
            try chargers.map { charger in
                RestoredCharger(
                    charger: charger, intent: try Self.intent(of: charger, in: database),
                    maxChargeRate: try Self.maxChargeRate(of: charger, in: database),
                    openAction: try Self.action(
                        "WHERE charger_id = ? AND state IN ('scheduled', 'acknowledged')",
                        charger.rawValue, in: database),
                    // By insertion, not by time: the clock may have been wrong after a power cut.
                    lastAction: try Self.action(
                        "WHERE charger_id = ? ORDER BY sequence DESC LIMIT 1", charger.rawValue,
                        in: database))
            }
        }
    }

    package func action(_ id: Action.ID) async throws(StoreError) -> Action? {
        try await read { database in
            try Self.action("WHERE id = ?", id.rawValue, in: database)
        }
    }

    package func actions(_ query: ActionQuery) async throws(StoreError) -> ActionPage {
        precondition(
            query.offset >= 0 && query.limit >= 0,
            "a page begins at \(query.offset) and has \(query.limit) actions")
        guard !query.chargers.isEmpty else { return ActionPage(actions: [], total: 0) }
        return try await read { database in
            let places = query.chargers.map { _ in "?" }.joined(separator: ", ")
            var condition = "WHERE charger_id IN (\(places))"
            var arguments = StatementArguments(query.chargers.map(\.rawValue))
            if let state = query.state {
                condition += " AND state = ?"
                arguments += [state.rawValue]
            }
            let total = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM actions \(condition)", arguments: arguments)
            let rows = try Row.fetchAll(
                database,
                sql: """
                    \(ActionRow.select) \(condition)
                    ORDER BY created_at_ms DESC, sequence DESC LIMIT ? OFFSET ?
                    """,
                arguments: arguments + [query.limit, query.offset])
            return ActionPage(actions: try rows.map(ActionRow.action), total: total ?? 0)
        }
    }

    package func idempotencyRecord(
        scope: String, key: String, now: WallInstant
    ) async throws(StoreError) -> IdempotencyRecord? {
        let oldest = now.advanced(by: .zero - Self.idempotencyLifetime)
        return try await read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT body_sha256, action_id, created_at_ms FROM idempotency
                    WHERE scope = ? AND key = ? AND created_at_ms >= ?
                    """,
                arguments: [scope, key, oldest.milliseconds])
            guard let row else { return nil }
            return IdempotencyRecord(
                scope: scope, key: key,
                bodyHash: Array(try row.decode(Data.self, forColumn: "body_sha256")),
                action: try row.decode(String?.self, forColumn: "action_id").map { Action.ID($0) },
                createdAt: try row.instant("created_at_ms"))
        }
    }
}

// MARK: - Statements

extension ActionStore {
    private static func apply(_ change: IntentChange, to database: Database) throws {
        var adopted: Int?
        let kind: String
        switch change.intent {
        case nil:
            try database.cachedStatement(sql: "DELETE FROM intents WHERE charger_id = ?")
                .execute(arguments: [change.charger.rawValue])
            return
        case .charge:
            kind = "charge"
        case .idle:
            kind = "idle"
        case .adopted(let limit):
            kind = "adopted"
            adopted = limit.rawValue
        }
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO intents (charger_id, kind, adopted_limit_ma, updated_at_ms)
                VALUES (?, ?, ?, ?)
                """
        ).execute(arguments: [change.charger.rawValue, kind, adopted, change.at.milliseconds])
    }

    private static func apply(_ change: SettingsChange, to database: Database) throws {
        guard let maxChargeRate = change.maxChargeRate else {
            try database.cachedStatement(sql: "DELETE FROM settings WHERE charger_id = ?")
                .execute(arguments: [change.charger.rawValue])
            return
        }
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO settings (charger_id, max_charge_rate_w, updated_at_ms)
                VALUES (?, ?, ?)
                """
        ).execute(
            arguments: [change.charger.rawValue, maxChargeRate.rawValue, change.at.milliseconds])
    }

    /// Stores a record and drops those that have had their time. A record that still holds is never
    /// replaced: the whole change is refused, for it would be the second effect of one request.
    private static func insert(_ record: IdempotencyRecord, into database: Database) throws {
        let oldest = record.createdAt.advanced(by: .zero - idempotencyLifetime)
        try database.cachedStatement(sql: "DELETE FROM idempotency WHERE created_at_ms < ?")
            .execute(arguments: [oldest.milliseconds])
        try database.cachedStatement(
            sql: """
                INSERT INTO idempotency (scope, key, body_sha256, action_id, created_at_ms)
                VALUES (?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            record.scope, record.key, Data(record.bodyHash), record.action?.rawValue,
            record.createdAt.milliseconds,
        ])
    }

    private static func action(
        _ clause: String, _ argument: String, in database: Database
    ) throws -> Action? {
        try Row.fetchOne(
            database.cachedStatement(sql: "\(ActionRow.select) \(clause)"),
            arguments: [argument]
        ).map(ActionRow.action)
    }

    private static func intent(
        of charger: ChargerID, in database: Database
    ) throws -> ChargeIntent? {
        let row = try Row.fetchOne(
            database, sql: "SELECT kind, adopted_limit_ma FROM intents WHERE charger_id = ?",
            arguments: [charger.rawValue])
        guard let row else { return nil }
        switch try row.decode(String.self, forColumn: "kind") {
        case "charge": return .charge
        case "idle": return .idle
        case "adopted":
            return .adopted(Milliamperes(try row.decode(Int.self, forColumn: "adopted_limit_ma")))
        default:
            throw UnreadableRow(reason: "the intent of \(charger) is an unknown word")
        }
    }

    private static func maxChargeRate(
        of charger: ChargerID, in database: Database
    ) throws -> Watts? {
        try Int.fetchOne(
            database, sql: "SELECT max_charge_rate_w FROM settings WHERE charger_id = ?",
            arguments: [charger.rawValue]
        ).map { Watts($0) }
    }
}
