import ChargeControl
import ChargeModel
import Foundation
import GRDB
import Testing

@testable import ActionStore

/// Databases of earlier releases.
@Suite("Migrations")
struct MigrationTests {
    @Test func everythingOfTheFirstReleaseIsKept() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.state, withIntermediateDirectories: false)
        let old = try DatabaseQueue(path: directory.database)
        try Schema.migrator.migrate(old, upTo: Schema.first)
        try await old.write { database in
            try database.execute(
                sql: """
                    INSERT INTO actions (id, charger_id, command, state, created_at_ms,
                    updated_at_ms) VALUES
                    ('action_1', 'device_ev_001', 'charge', 'completed', 1780401600000, 1780401600001),
                    ('action_2', 'device_ev_001', 'idle', 'scheduled', 1780488000000, 1780488000000),
                    ('action_3', 'device_ev_002', 'idle', 'completed', 1780401600009, 1780401600009);
                    INSERT INTO intents (charger_id, kind, adopted_limit_ma, updated_at_ms)
                    VALUES ('device_ev_001', 'adopted', 10000, 1780401600001);
                    INSERT INTO settings (charger_id, max_charge_rate_w, updated_at_ms)
                    VALUES ('device_ev_001', 7000, 1780401600001);
                    INSERT INTO idempotency (scope, key, body_sha256, action_id, created_at_ms)
                    VALUES ('s', 'a', zeroblob(32), 'action_1', 1780401600000);
                    """)
        }
        try old.close()

        let store = try ActionStore.open(directory: directory.state)
        let restored = try #require(try await store.restore([.first]).first)
        #expect(restored.intent == .adopted(.amperes(10)))
        #expect(restored.maxChargeRate == Watts(7000))
        #expect(restored.openAction?.id == Action.ID("action_2"))
        #expect(restored.openAction?.startOnBoot == nil)
        #expect(restored.openWindow == nil && restored.intentUntil == nil)
        #expect(restored.schedule == nil && restored.unreadable == nil)
        let page = try await store.actions(ActionQuery(chargers: [.first, .second]))
        #expect(page.actions.map(\.id.rawValue) == ["action_2", "action_3", "action_1"])
        #expect(page.total == 3)
        let completed = try await store.actions(
            ActionQuery(chargers: [.first], state: .completed))
        #expect(completed.total == 1)
        #expect(
            try await store.idempotencyRecord(scope: "s", key: "a", now: .at(1))?.action
                == Action.ID("action_1"))
        try store.close()
    }
}
