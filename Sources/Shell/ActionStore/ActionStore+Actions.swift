import ChargeControl
import ChargeModel
import Foundation
import GRDB

extension ActionStore: ActionRepository {
    /// How long an answer is kept under a client's idempotency key.
    static let idempotencyLifetime = Duration.seconds(24 * 60 * 60)

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
            if let schedule = change.schedule { try Self.apply(schedule, to: database) }
            if let delay = change.slotDelay { try Self.apply(delay, to: database) }
            if let record = change.idempotency { try Self.insert(record, into: database) }
        }
    }

    package func action(_ id: Action.ID) async throws(StoreError) -> Action? {
        try await read { database in
            try Row.fetchOne(
                database.cachedStatement(sql: "\(ActionRow.select) WHERE id = ?"),
                arguments: [id.rawValue]
            ).map(ActionRow.action)
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
                    SELECT body_sha256, action_id, schedule, created_at_ms FROM idempotency
                    WHERE scope = ? AND key = ? AND created_at_ms >= ?
                    """,
                arguments: [scope, key, oldest.milliseconds])
            guard let row else { return nil }
            return IdempotencyRecord(
                scope: scope, key: key,
                bodyHash: Array(try row.decode(Data.self, forColumn: "body_sha256")),
                action: try row.textIfPresent("action_id").map { Action.ID($0) },
                schedule: try row.textIfPresent("schedule").map(ScheduleText.schedule),
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
                INSERT OR REPLACE INTO intents (charger_id, kind, adopted_limit_ma,
                window_action_id, until_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            change.charger.rawValue, kind, adopted, change.window?.rawValue,
            change.until?.milliseconds, change.at.milliseconds,
        ])
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

    private static func apply(_ change: ScheduleChange, to database: Database) throws {
        guard let schedule = change.schedule else {
            try database.cachedStatement(sql: "DELETE FROM schedules WHERE charger_id = ?")
                .execute(arguments: [change.charger.rawValue])
            return
        }
        try database.cachedStatement(sql: ScheduleRow.upsert)
            .execute(arguments: ScheduleRow.values(of: schedule, for: change.charger))
    }

    private static func apply(_ change: SlotDelayChange, to database: Database) throws {
        try database.cachedStatement(
            sql: """
                UPDATE schedules SET delayed_slot_ms = ?, slot_delay_ms = ? WHERE charger_id = ?
                """
        ).execute(arguments: [
            change.start.milliseconds, change.delay.milliseconds, change.charger.rawValue,
        ])
    }

    /// Stores a record, in place of one under the same key that has had its time. A record that still
    /// holds is never replaced: the whole change is refused, for it would be the second effect of one
    /// request.
    private static func insert(_ record: IdempotencyRecord, into database: Database) throws {
        let oldest = record.createdAt.advanced(by: .zero - idempotencyLifetime)
        try database.cachedStatement(
            sql: "DELETE FROM idempotency WHERE scope = ? AND key = ? AND created_at_ms < ?"
        ).execute(arguments: [record.scope, record.key, oldest.milliseconds])
        try database.cachedStatement(
            sql: """
                INSERT INTO idempotency (scope, key, body_sha256, action_id, schedule, created_at_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            record.scope, record.key, Data(record.bodyHash), record.action?.rawValue,
            try record.schedule.map(ScheduleText.text), record.createdAt.milliseconds,
        ])
    }
}
