import ChargeControl
import ChargeModel
import Testing

@Suite("Contract of idempotency records")
struct IdempotencyContractTests {
    private func find(
        _ record: IdempotencyRecord, in store: any ActionRepository, at milliseconds: Int64
    ) async throws -> IdempotencyRecord? {
        try await store.idempotencyRecord(
            scope: record.scope, key: record.key, now: .at(milliseconds))
    }

    @Test("R20: an answer is found again for 24 hours", arguments: StoreKind.allCases)
    func r20_anAnswerIsFoundAgainFor24Hours(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let action = Action.example("action_1")
            let record = IdempotencyRecord.example("a", action: action.id)
            #expect(try await find(record, in: store, at: 0) == nil)
            try await store.commit(StoreChange(actions: [action], idempotency: record))
            for age in [0, 1, Int64.day] {
                #expect(try await find(record, in: store, at: age) == record)
            }
            #expect(try await find(record, in: store, at: .day + 1) == nil)
            // The clock went back: it is still the same request.
            #expect(try await find(record, in: store, at: -1000) == record)
        }
    }

    @Test("R20: keys of different scopes do not meet", arguments: StoreKind.allCases)
    func r20_keysOfDifferentScopesDoNotMeet(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = IdempotencyRecord.example("a", scope: "key_1 POST /x", body: 1)
            let second = IdempotencyRecord.example("a", scope: "key_2 POST /x", body: 2)
            try await store.commit(StoreChange(idempotency: first))
            #expect(try await find(second, in: store, at: 0) == nil)
            try await store.commit(StoreChange(idempotency: second))
            #expect(try await find(first, in: store, at: 0) == first)
            #expect(try await find(second, in: store, at: 0) == second)
        }
    }

    @Test("R20: one key has one effect", arguments: StoreKind.allCases)
    func r20_oneKeyHasOneEffect(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = IdempotencyRecord.example("a", body: 1)
            try await store.commit(
                StoreChange(
                    settings: SettingsChange(charger: .first, maxChargeRate: Watts(1), at: .at(0)),
                    idempotency: first))
            for time in [1, Int64.day] {
                await expectRefusal {
                    try await store.commit(
                        StoreChange(
                            settings: SettingsChange(
                                charger: .first, maxChargeRate: Watts(2), at: .at(1)),
                            idempotency: .example("a", body: 2, at: time)))
                }
            }
            #expect(try await find(first, in: store, at: 2) == first)
            #expect(try await store.restore([.first]).map(\.maxChargeRate) == [Watts(1)])
        }
    }

    @Test("R20: a key can be used again after its time", arguments: StoreKind.allCases)
    func r20_aKeyCanBeUsedAgainAfterItsTime(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let other = IdempotencyRecord.example("b", at: 2)
            try await store.commit(StoreChange(idempotency: .example("a", body: 1)))
            try await store.commit(StoreChange(idempotency: other))
            let again = IdempotencyRecord.example("a", body: 2, at: .day + 1)
            try await store.commit(StoreChange(idempotency: again))
            #expect(try await find(again, in: store, at: .day + 2) == again)
            #expect(try await find(other, in: store, at: .day + 2) == other)
        }
    }

    @Test("R20: an answer about a schedule holds the schedule", arguments: StoreKind.allCases)
    func r20_anAnswerHoldsItsSchedule(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (number, schedule) in [
                RecurringSchedule.example(),
                .example("sched_2", .weekly([.monday, .sunday]), slots: [.noon, .night]),
            ].enumerated() {
                var record = IdempotencyRecord.example("\(number)")
                record.schedule = schedule
                try await store.commit(StoreChange(idempotency: record))
                #expect(try await find(record, in: store, at: 1) == record)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRecordNamesAnActionThatExists(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            await expectRefusal {
                try await store.commit(
                    StoreChange(idempotency: .example("a", action: Action.ID("action_9"))))
            }
        }
    }
}
