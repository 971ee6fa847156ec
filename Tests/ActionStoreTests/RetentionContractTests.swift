import ChargeControl
import ChargeModel
import Testing

@Suite("Contract of the retention")
struct RetentionContractTests {
    private let all = ActionQuery(chargers: [.first, .second], limit: 1000)

    private func ids(_ store: any ActionRepository) async throws -> [String] {
        let page = try await store.actions(all)
        #expect(page.total == page.actions.count)
        return page.actions.map(\.id.rawValue)
    }

    @Test(arguments: StoreKind.allCases)
    func actionsAreKeptFor90Days(_ kind: StoreKind) async throws {
        #expect(ActionRetention.standard.count == 100_000)
        try await kind.withStore { store in
            for (number, day) in [0, 0, 50, 89, 90].enumerated() {
                let action = Action.example(
                    "action_\(number)", .charge, .completed, at: Int64(day) * .day)
                try await store.commit(StoreChange(actions: [action]))
            }
            #expect(try await store.prune(now: .at(90 * .day)) == 0)
            #expect(try await store.prune(now: .at(90 * .day + 1)) == 2)
            #expect(try await ids(store) == ["action_4", "action_3", "action_2"])
            // The newest stays however old it is.
            #expect(try await store.prune(now: .at(900 * .day)) == 2)
            #expect(try await ids(store) == ["action_4"])
            #expect(try await store.prune(now: .at(900 * .day)) == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func beyondANumberTheOldestGo(_ kind: StoreKind) async throws {
        let retention = ActionRetention(age: .seconds(90 * 24 * 60 * 60), count: 10)
        try await kind.withStore(retention: retention) { store in
            for number in 0..<12 {
                let action = Action.example(
                    "action_\(number)", .charge, of: number % 2 == 0 ? .first : .second,
                    .completed, at: Int64(number))
                try await store.commit(StoreChange(actions: [action]))
            }
            #expect(try await store.prune(now: .at(20)) == 2)
            #expect(try await ids(store) == (2..<12).reversed().map { "action_\($0)" })
            #expect(try await store.prune(now: .at(20)) == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatIsStillNeededStays(_ kind: StoreKind) async throws {
        let retention = ActionRetention(age: .seconds(60), count: 1)
        try await kind.withStore(retention: retention) { store in
            let late = 2 * Int64.day
            let window = Action.example("window", .charge, .completed, at: 1)
            let answered = Action.example("answered", .charge, .completed, at: 2)
            let forgotten = Action.example("forgotten", .charge, .completed, at: 3)
            try await store.commit(
                StoreChange(
                    actions: [
                        .example("old", .charge, .completed), window, answered, forgotten,
                        .example("newest", .charge, of: .second, .completed, at: 4),
                        .example("open", .charge, .scheduled, at: 5),
                    ],
                    intent: IntentChange(
                        charger: .first, intent: .charge, window: window.id, at: .at(1)),
                    idempotency: .example("a", action: answered.id, at: late)))
            try await store.commit(
                StoreChange(idempotency: .example("b", action: forgotten.id, at: 0)))
            #expect(try await store.prune(now: .at(late + 1)) == 2)
            #expect(try await ids(store) == ["open", "newest", "answered", "window"])
            let record = try await store.idempotencyRecord(
                scope: IdempotencyRecord.example("a").scope, key: "a", now: .at(late + 1))
            #expect(record?.action == answered.id)
            #expect(try await store.restore([.first]).map(\.openWindow) == [window])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aLongBacklogIsRemovedAltogether(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            // More than two batches of 200.
            for number in 0..<450 {
                let action = Action.example("action_\(number)", .charge, .completed)
                try await store.commit(
                    StoreChange(
                        actions: [action], idempotency: .example("\(number)", action: action.id)))
            }
            #expect(try await store.prune(now: .at(100 * .day)) == 449)
            #expect(try await ids(store) == ["action_449"])
            #expect(try await store.prune(now: .at(100 * .day)) == 0)
        }
    }
}
