import ChargeControl
import ChargeModel
import Testing

/// What every store of actions does: the one on the disk and the double of the tests.
@Suite("Contract of the action repository")
struct ActionContractTests {
    @Test(arguments: StoreKind.allCases)
    func anActionIsFoundAsItWasCommitted(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var action = Action(
                id: Action.ID("action_1"), charger: .first, command: .charge,
                state: .failed(ActionFailure(code: .notApplied, message: "still 16 A")),
                createdAt: .at(1),
                sandbox: SandboxOutcome(failure: .deviceOffline, delay: .milliseconds(2000)))
            action.updatedAt = .at(2)
            action.acknowledgedAt = .at(3)
            action.completedAt = .at(4)
            action.start = .at(5)
            action.end = .at(6)
            action.startOnBoot = BootInstant(
                boot: "6f2c6a4e-4f6b-4e0f-9d3f-2f1f2a3b4c5d",
                at: MonotonicInstant(nanoseconds: 86_400_000_000_001))
            action.message = "held at 0 A"
            try await store.commit(StoreChange(actions: [action]))
            #expect(try await store.action(action.id) == action)
            #expect(try await store.action(Action.ID("action_2")) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func everyStateAndFailureSurvives(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var states: [ActionState] = [.completed, .cancelled]
            states += ActionErrorCode.allCases.map {
                .failed(ActionFailure(code: $0, message: "for a reason"))
            }
            states += [.scheduled]
            for (number, state) in states.enumerated() {
                let action = Action.example("action_\(number)", .idle, state)
                try await store.commit(StoreChange(actions: [action]))
                #expect(try await store.action(action.id) == action)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aChargerHasAtMostOneOpenAction(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.commit(
                StoreChange(actions: [.example("action_1", .charge, .scheduled)]))
            await expectRefusal {
                try await store.commit(
                    StoreChange(
                        actions: [.example("action_2")],
                        intent: IntentChange(charger: .first, intent: .charge, at: .at(1)),
                        settings: SettingsChange(
                            charger: .first, maxChargeRate: Watts(7000), at: .at(1)),
                        idempotency: .example("a")))
            }
            // Nothing of the refused change is there.
            let restored = try await store.restore([.first])
            #expect(restored.map(\.openAction?.id) == [Action.ID("action_1")])
            #expect(restored.map(\.intent) == [nil])
            #expect(restored.map(\.maxChargeRate) == [nil])
            #expect(try await store.action(Action.ID("action_2")) == nil)
            let record = try await store.idempotencyRecord(
                scope: IdempotencyRecord.example("a").scope, key: "a", now: .at(1))
            #expect(record == nil)
            // Another charger is not concerned.
            try await store.commit(StoreChange(actions: [.example("action_3", of: .second)]))
        }
    }

    @Test(arguments: StoreKind.allCases, [false, true])
    func cancelAndReplaceIsOneStepInEitherOrder(
        _ kind: StoreKind, isNewFirst: Bool
    ) async throws {
        try await kind.withStore { store in
            let old = Action.example("action_1", .charge, .scheduled)
            let new = Action.example("action_2", .idle, .acknowledged, at: 1)
            try await store.commit(StoreChange(actions: [old]))
            let cancelled = old.becoming(.cancelled)
            try await store.commit(
                StoreChange(actions: isNewFirst ? [new, cancelled] : [cancelled, new]))
            let restored = try await store.restore([.first])
            #expect(restored.map(\.openAction) == [new])
            #expect(restored.map(\.lastAction) == [new])
            #expect(try await store.action(old.id) == cancelled)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func actionsAreListedNewestFirst(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            // Three of one millisecond, then a later and an earlier one.
            for (number, time) in [10, 10, 10, 20, 5].enumerated() {
                let action = Action.example(
                    "action_\(number)", .charge, .completed, at: Int64(time))
                try await store.commit(StoreChange(actions: [action]))
            }
            // An update does not move it.
            try await store.commit(
                StoreChange(actions: [
                    Action.example("action_0", .charge, .completed, at: 10)
                        .becoming(.cancelled, at: 99)
                ]))
            let page = try await store.actions(ActionQuery(chargers: [.first]))
            #expect(
                page.actions.map(\.id.rawValue) == [
                    "action_3", "action_2", "action_1", "action_0", "action_4",
                ])
            #expect(page.total == 5)
            let middle = try await store.actions(
                ActionQuery(chargers: [.first], offset: 1, limit: 2))
            #expect(middle.actions.map(\.id.rawValue) == ["action_2", "action_1"])
            #expect(middle.total == 5)
            let past = try await store.actions(ActionQuery(chargers: [.first], offset: 5))
            #expect(past == ActionPage(actions: [], total: 5))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aListKeepsToChargersAndState(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let actions = [
                Action.example("action_1", .charge, of: .first, .completed),
                Action.example("action_2", .charge, of: .second, .completed, at: 1),
                Action.example("action_3", .charge, of: .first, .acknowledged, at: 2),
            ]
            try await store.commit(StoreChange(actions: actions))
            func list(_ chargers: [ChargerID], _ state: ActionStateName? = nil) async throws
                -> [String]
            {
                let page = try await store.actions(ActionQuery(chargers: chargers, state: state))
                #expect(page.total == page.actions.count)
                return page.actions.map(\.id.rawValue)
            }
            #expect(
                try await list([.first, .second]) == ["action_3", "action_2", "action_1"])
            #expect(try await list([.second]) == ["action_2"])
            #expect(try await list([.first, .second], .completed) == ["action_2", "action_1"])
            #expect(try await list([.second], .acknowledged) == [])
            #expect(try await list([]) == [])
            #expect(try await list([ChargerID("device_ev_999")]) == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func theLastActionIsTheOneInsertedLastWhateverTheClockSaid(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            // A computer without a battery clock woke up in the past.
            try await store.commit(
                StoreChange(actions: [.example("action_1", .charge, .completed, at: 1000)]))
            try await store.commit(
                StoreChange(actions: [.example("action_2", .charge, .completed, at: 5)]))
            let restored = try await store.restore([.first])
            #expect(restored.map(\.lastAction?.id) == [Action.ID("action_2")])
        }
    }

    @Test(
        arguments: StoreKind.allCases,
        [ChargeIntent.charge, .idle, .adopted(.zero), .adopted(Milliamperes(13_500))])
    func anIntentIsKeptUntilItIsForgotten(_ kind: StoreKind, intent: ChargeIntent) async throws {
        try await kind.withStore { store in
            for wanted in [.idle, intent, nil] {
                try await store.commit(
                    StoreChange(
                        intent: IntentChange(charger: .first, intent: wanted, at: .at(1))))
                let restored = try await store.restore([.second, .first])
                #expect(restored.map(\.charger) == [.second, .first])
                #expect(restored.map(\.intent) == [nil, wanted])
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func settingsAreKeptWithinTheirRange(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            func set(_ rate: Watts?) async throws {
                try await store.commit(
                    StoreChange(
                        settings: SettingsChange(
                            charger: .first, maxChargeRate: rate, at: .at(1))))
            }
            for rate in [Watts(11_000), .zero, Watts(50_000)] {
                try await set(rate)
                #expect(try await store.restore([.first]).map(\.maxChargeRate) == [rate])
            }
            for rate in [Watts(-1), Watts(50_001)] {
                await expectRefusal { try await set(rate) }
                #expect(try await store.restore([.first]).map(\.maxChargeRate) == [Watts(50_000)])
            }
            try await set(nil)
            #expect(try await store.restore([.first]).map(\.maxChargeRate) == [nil])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func nothingIsRestoredOfAnUnknownCharger(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let restored = try await store.restore([.first])
            #expect(restored == [RestoredCharger(charger: .first)])
            #expect(try await store.restore([]) == [])
        }
    }
}
