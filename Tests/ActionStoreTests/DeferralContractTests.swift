import ChargeControl
import ChargeModel
import Testing

@Suite("Contract of windows and schedules")
struct DeferralContractTests {
    @Test("R19: an intent comes back with its window and its end", arguments: StoreKind.allCases)
    func r19_anIntentComesBackWithItsWindow(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let window = Action.example("action_1", .charge, .completed)
            let later = Action.example("action_2", .charge, .completed, at: 1)
            try await store.commit(
                StoreChange(
                    actions: [window, later],
                    intent: IntentChange(
                        charger: .first, intent: .charge, window: window.id, until: .at(9),
                        at: .at(1))))
            var restored = try #require(try await store.restore([.first]).first)
            #expect(restored.openWindow == window)
            #expect(restored.intentUntil == .at(9))
            #expect(restored.lastAction == later)
            #expect(restored.unreadable == nil)
            // The next intent has neither.
            try await store.commit(
                StoreChange(intent: IntentChange(charger: .first, intent: .idle, at: .at(2))))
            restored = try #require(try await store.restore([.first]).first)
            #expect(restored.intent == .idle)
            #expect(restored.openWindow == nil)
            #expect(restored.intentUntil == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aWindowNamesAnActionThatExists(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            await expectRefusal {
                try await store.commit(
                    StoreChange(
                        intent: IntentChange(
                            charger: .first, intent: .charge, window: Action.ID("action_9"),
                            at: .at(1))))
            }
            let restored = try await store.restore([.first])
            #expect(restored.map(\.intent) == [nil])
        }
    }

    @Test(
        arguments: StoreKind.allCases,
        [
            RecurringSchedule.example(),
            .example(slots: [ScheduleSlot(startMinute: 0, durationMinutes: 1440, command: .idle)]),
            .example("sched_2", .weekly([.monday, .sunday]), slots: [.noon, .night]),
            .example("sched_3", .weekly(Weekday.allCases), slots: [.noon]),
        ])
    func aScheduleIsKeptUntilItIsRemoved(
        _ kind: StoreKind, schedule: RecurringSchedule
    ) async throws {
        try await kind.withStore { store in
            try await store.commit(RecurringSchedule.example("sched_0", slots: [.noon]).change)
            try await store.commit(schedule.change)
            let restored = try await store.restore([.second, .first])
            #expect(restored.map(\.schedule) == [nil, schedule])
            try await store.commit(
                StoreChange(
                    schedule: ScheduleChange(charger: .second, schedule: nil, at: .at(1))))
            #expect(try await store.restore([.first]).map(\.schedule) == [schedule])
            try await store.commit(
                StoreChange(
                    schedule: ScheduleChange(charger: .first, schedule: nil, at: .at(1))))
            #expect(try await store.restore([.first]) == [RestoredCharger(charger: .first)])
        }
    }

    @Test("R04: a schedule that could not be read back is refused", arguments: StoreKind.allCases)
    func r04_aScheduleThatCouldNotBeReadBackIsRefused(_ kind: StoreKind) async throws {
        func slot(_ start: Int, _ minutes: Int) -> ScheduleSlot {
            ScheduleSlot(startMinute: start, durationMinutes: minutes, command: .charge)
        }
        let schedules: [RecurringSchedule] = [
            .example(slots: []), .example(slots: [slot(-1, 10)]), .example(slots: [slot(1440, 10)]),
            .example(slots: [slot(0, 0)]), .example(slots: [slot(0, 1441)]),
            .example(slots: [.night, .noon]), .example(slots: [slot(0, 60), slot(59, 60)]),
            .example("sched_1", .weekly([])), .example("sched_1", .weekly([.sunday, .monday])),
            .example("sched_1", .weekly([.monday, .monday])), .example(""),
            .example(String(repeating: "s", count: 65)),
        ]
        try await kind.withStore { store in
            let kept = RecurringSchedule.example("sched_9")
            try await store.commit(kept.change)
            for schedule in schedules {
                await expectRefusal { try await store.commit(schedule.change) }
            }
            await expectRefusal {
                try await store.commit(
                    StoreChange(
                        schedule: ScheduleChange(charger: .second, schedule: kept, at: .at(1))))
            }
            #expect(try await store.restore([.first, .second]).map(\.schedule) == [kept, nil])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func twoChargersDoNotShareAScheduleID(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.commit(RecurringSchedule.example("sched_1").change)
            await expectRefusal {
                try await store.commit(RecurringSchedule.example("sched_1", of: .second).change)
            }
            let restored = try await store.restore([.first, .second])
            #expect(restored.map(\.schedule) == [.example("sched_1"), nil])
        }
    }

    @Test("R45: the delay of a slot is kept with its schedule", arguments: StoreKind.allCases)
    func r45_theDelayOfASlotIsKeptWithItsSchedule(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let delay = SlotDelayChange(charger: .first, start: .at(5), delay: .seconds(1_800))
            try await store.commit(StoreChange(slotDelay: delay))
            #expect(try await store.restore([.first]).map(\.slotDelay) == [nil])
            try await store.commit(RecurringSchedule.example().change)
            try await store.commit(StoreChange(slotDelay: delay))
            #expect(try await store.restore([.first]).map(\.slotDelay) == [delay])
            await expectRefusal {
                try await store.commit(
                    StoreChange(
                        slotDelay: SlotDelayChange(
                            charger: .first, start: .at(6), delay: .seconds(1_801))))
            }
            #expect(try await store.restore([.first]).map(\.slotDelay) == [delay])
            // Another schedule has none yet.
            try await store.commit(RecurringSchedule.example("sched_2").change)
            #expect(try await store.restore([.first]).map(\.slotDelay) == [nil])
        }
    }

    @Test("R45: the delay of an action is kept with it", arguments: StoreKind.allCases)
    func r45_theDelayOfAnActionIsKept(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (number, delay) in [nil, 0, 1, 1_800].enumerated() {
                var action = Action.example("action_\(number)", .charge, .completed)
                action.startDelay = delay.map { .seconds($0) }
                try await store.commit(StoreChange(actions: [action]))
                #expect(try await store.action(action.id) == action)
            }
        }
    }

    @Test("R21: the store knows when something was last stored", arguments: StoreKind.allCases)
    func r21_theLatestInstantIsThatOfTheLastChange(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.latestInstant() == nil)
            let action = Action.example("action_1", .charge, .scheduled, at: 1)
            let changes: [(StoreChange, WallInstant)] = [
                (StoreChange(actions: [action]), .at(1)),
                (StoreChange(actions: [action.becoming(.completed, at: 7)]), .at(7)),
                (StoreChange(actions: [.example("action_2", .idle, .completed, at: 3)]), .at(7)),
                (
                    StoreChange(
                        intent: IntentChange(charger: .first, intent: .idle, at: .at(8))), .at(8)
                ),
                (
                    StoreChange(
                        settings: SettingsChange(
                            charger: .first, maxChargeRate: Watts(1), at: .at(9))), .at(9)
                ),
                (RecurringSchedule.example(at: 10).change, .at(10)),
                (StoreChange(idempotency: .example("a", at: 11)), .at(11)),
            ]
            for (change, latest) in changes {
                try await store.commit(change)
                #expect(try await store.latestInstant() == latest)
            }
            let key = APIKey(
                id: "key_1", name: "garage", environment: .live, user: nil, isReadOnly: false,
                hash: [UInt8](repeating: 1, count: 32), createdAt: .at(12))
            try await store.insert(key)
            #expect(try await store.latestInstant() == .at(12))
            #expect(try await store.revoke("garage", at: .at(13)))
            #expect(try await store.latestInstant() == .at(13))
        }
    }
}
