import ChargeControl
import ChargeModel
import GRDB
import Testing

@testable import ActionStore

/// Rows that the file's own check lets pass and that mean nothing.
@Suite("Rows that cannot be read")
struct UnreadableRowTests {
    @Test(
        "R04: a schedule that cannot be read is told of, and everything else is there",
        arguments: [
            "slots = '[{\"start\":132'", "slots = ''", "slots = '[]'", "slots = 'null'",
            "slots = '[{\"start\":1320,\"minutes\":480,\"command\":\"chargf\"}]'",
            "slots = '[{\"start\":9320,\"minutes\":480,\"command\":\"charge\"}]'",
            "slots = '[{\"start\":1320,\"minutes\":-80,\"command\":\"charge\"}]'",
            "slots = '[{\"start\":1320,\"mjnutes\":480,\"command\":\"charge\"}]'",
            "slots = '{}'", "days = ''", "days = 'dailz'", "days = 'monday,'",
            "days = 'sunday,monday'", "slots = CAST(x'5B7B22FF' AS TEXT)",
        ])
    func r04_aScheduleThatCannotBeReadIsToldOf(damage: String) async throws {
        let directory = try TemporaryDirectory()
        var store = try ActionStore.open(directory: directory.state)
        let action = Action.example("action_1", .charge, .scheduled)
        try await store.commit(
            StoreChange(
                actions: [action],
                intent: IntentChange(charger: .first, intent: .idle, until: .at(9), at: .at(1)),
                settings: SettingsChange(charger: .first, maxChargeRate: Watts(7), at: .at(1)),
                schedule: RecurringSchedule.example().change.schedule))
        try await store.commit(RecurringSchedule.example("sched_2", of: .second).change)
        try await store.pool.write { database in
            try database.execute(sql: "UPDATE schedules SET \(damage) WHERE id = 'sched_1'")
        }
        try store.close()
        store = try ActionStore.open(directory: directory.state)
        let restored = try await store.restore([.first, .second])
        let first = try #require(restored.first)
        #expect(first.unreadable?.hasPrefix("the schedule: ") == true)
        #expect(
            first
                == RestoredCharger(
                    charger: .first, intent: .idle, intentUntil: .at(9), maxChargeRate: Watts(7),
                    openAction: action, lastAction: action, unreadable: first.unreadable))
        #expect(
            restored.last
                == RestoredCharger(charger: .second, schedule: .example("sched_2", of: .second)))
        // A new one takes its place.
        try await store.commit(RecurringSchedule.example("sched_3").change)
        let repaired = try await store.restore([.first])
        #expect(repaired.map(\.schedule) == [.example("sched_3")])
        #expect(repaired.map(\.unreadable) == [nil])
        try store.close()
    }

    @Test("R12: an unreadable action that was not finished ends as failed")
    func r12_anUnreadableOpenActionEndsAsFailed() async throws {
        let directory = try TemporaryDirectory()
        var store = try ActionStore.open(directory: directory.state)
        let action = Action(
            id: Action.ID("action_1"), charger: .first, command: .charge, state: .scheduled,
            createdAt: .at(0), sandbox: SandboxOutcome(failure: .notApplied, delay: .seconds(1)))
        try await store.commit(StoreChange(actions: [action]))
        try await store.pool.write { database in
            try database.execute(sql: "UPDATE actions SET sandbox_error_code = 'NOT_APPLIEE'")
        }
        try store.close()
        store = try ActionStore.open(directory: directory.state)
        let restored = try #require(try await store.restore([.first]).first)
        #expect(restored.openAction == nil)
        guard case .failed(let failure) = restored.lastAction?.state else {
            Issue.record("\(restored)")
            return
        }
        #expect(failure.code == .notApplied)
        #expect(failure.message.contains("could not be read"))
        // It keeps no other one out.
        try await store.commit(StoreChange(actions: [.example("action_2", .idle, .scheduled)]))
        try store.close()
    }

    @Test(
        "R12: a time that no clock shows stops neither the program nor the charger",
        arguments: [
            "start_at_ms = 9223372036854775807", "created_at_ms = -9223372036854775807",
            "end_at_ms = 9223372036854775807",
            "start_boot_id = 'b', start_boot_ns = 9223372036854775807",
        ])
    func r12_aTimeThatNoClockShowsIsUnreadable(damage: String) async throws {
        let directory = try TemporaryDirectory()
        var store = try ActionStore.open(directory: directory.state)
        try await store.commit(
            StoreChange(
                actions: [.example("action_1", .charge, .scheduled)],
                intent: IntentChange(charger: .first, intent: .idle, at: .at(1))))
        try await store.pool.write { database in
            try database.execute(sql: "UPDATE actions SET \(damage)")
        }
        try store.close()
        store = try ActionStore.open(directory: directory.state)
        let restored = try #require(try await store.restore([.first]).first)
        #expect(restored == RestoredCharger(charger: .first, intent: .idle))
        // It keeps no other one out.
        try await store.commit(StoreChange(actions: [.example("action_2", .idle, .scheduled)]))
        try store.close()
    }

    @Test(
        "R12: an intent or a rate that nobody can have written is told of, and nothing else is lost",
        arguments: [
            ("intents SET kind = 'chargf'", "the intent: the column kind holds an unknown word"),
            (
                "intents SET kind = 'adopted', adopted_limit_ma = 80001",
                "the intent: the column adopted_limit_ma holds a number out of its range"
            ),
            (
                "intents SET kind = 'adopted', adopted_limit_ma = -1",
                "the intent: the column adopted_limit_ma holds a number out of its range"
            ),
            (
                "settings SET max_charge_rate_w = 50001",
                "the settings: the column max_charge_rate_w holds a number out of its range"
            ),
            (
                "settings SET max_charge_rate_w = -1",
                "the settings: the column max_charge_rate_w holds a number out of its range"
            ),
        ])
    func r12_anIntentThatNobodyCanHaveWrittenIsToldOf(damage: String, problem: String) async throws
    {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.commit(
            StoreChange(
                intent: IntentChange(charger: .first, intent: .idle, at: .at(1)),
                settings: SettingsChange(charger: .first, maxChargeRate: Watts(7), at: .at(1))))
        try await store.pool.write { database in
            // Damage asks no constraint.
            try database.execute(sql: "PRAGMA ignore_check_constraints = 1; UPDATE \(damage)")
        }
        let restored = try await store.restore([.first])
        let isOfIntent = problem.hasPrefix("the intent")
        #expect(
            restored == [
                RestoredCharger(
                    charger: .first, intent: isOfIntent ? nil : .idle,
                    maxChargeRate: isOfIntent ? Watts(7) : nil, unreadable: problem)
            ])
        try store.close()
    }
}
