import ActionStore
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// Random changes, given to both stores: they must accept the same ones and answer the same.
@Suite("Both stores agree")
struct StoreModelTests {
    @Test(arguments: 1...8)
    func bothStoresAgreeOnRandomChanges(seed: Int) async throws {
        let directory = try TemporaryDirectory()
        var changes = RandomChanges(random: SeededRandom(seed: UInt64(seed)))
        let memory = InMemoryStore()
        var sqlite = try ActionStore.open(directory: directory.state)
        var accepted = 0
        for step in 0..<150 {
            let change = changes.next()
            let isAccepted = await accepts(change, sqlite)
            #expect(
                await accepts(change, memory) == isAccepted,
                "seed \(seed), step \(step): \(change)")
            accepted += isAccepted ? 1 : 0
            if step % 50 == 49 {
                // Durable means: also after a restart.
                try sqlite.close()
                sqlite = try ActionStore.open(directory: directory.state)
            }
            if step % 10 == 9 {
                try await expectSameAnswers(sqlite, memory, changes, "seed \(seed), step \(step)")
            }
        }
        try sqlite.close()
        #expect(memory.commitCount == accepted)
        // Both kinds occur, or this test says nothing.
        #expect(30...140 ~= accepted, "seed \(seed)")
    }

    private func expectSameAnswers(
        _ sqlite: ActionStore, _ memory: InMemoryStore, _ changes: RandomChanges, _ place: Comment
    ) async throws {
        let chargers = RandomChanges.chargers
        #expect(try await sqlite.restore(chargers) == memory.restore(chargers), place)
        for state in [nil] + ActionStateName.allCases.map(Optional.some) {
            let query = ActionQuery(chargers: chargers, state: state, offset: 3, limit: 40)
            #expect(try await sqlite.actions(query) == memory.actions(query), place)
        }
        for key in RandomChanges.keys {
            let now = changes.now
            #expect(
                try await sqlite.idempotencyRecord(scope: "s", key: key, now: now)
                    == memory.idempotencyRecord(scope: "s", key: key, now: now), place)
        }
    }

    private func accepts(_ change: StoreChange, _ store: any ActionRepository) async -> Bool {
        do {
            try await store.commit(change)
            return true
        } catch {
            return false
        }
    }
}

private struct RandomChanges {
    static let chargers = [ChargerID.first, .second]
    static let keys = ["a", "b", "c"]

    var random: SeededRandom
    var now = WallInstant.at(0)

    mutating func next() -> StoreChange {
        // Up to nine hours, so that records run out now and then.
        now = now.advanced(by: .milliseconds(.random(in: 0...32_400_000, using: &random)))
        var change = StoreChange()
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            change.actions.append(action())
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            let intents: [ChargeIntent?] = [nil, .charge, .idle, .adopted(Milliamperes(7_250))]
            change.intent = IntentChange(
                charger: pick(Self.chargers), intent: pick(intents), at: now)
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            change.settings = SettingsChange(
                charger: pick(Self.chargers), maxChargeRate: pick([nil, Watts(0), Watts(60_000)]),
                at: now)
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            change.idempotency = IdempotencyRecord(
                scope: "s", key: pick(Self.keys), bodyHash: [UInt8](repeating: 1, count: 32),
                action: pick([nil, change.actions.first?.id]), createdAt: now)
        }
        return change
    }

    private mutating func action() -> Action {
        let states: [ActionState] = [
            .scheduled, .acknowledged, .completed, .cancelled,
            .failed(ActionFailure(code: .superseded, message: "by another")),
        ]
        // Few ids, so that many are replaced; each stays with one charger.
        let number = Int.random(in: 0..<60, using: &random)
        let stepBack = Int64.random(in: 0...2, using: &random) * 60_000
        return Action(
            id: Action.ID("action_\(number)"), charger: Self.chargers[number % 2],
            command: pick(ChargeCommand.allCases), state: pick(states),
            createdAt: now.advanced(by: .milliseconds(-stepBack)))
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &random)]
    }
}
