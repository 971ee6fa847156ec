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
        let retention = ActionRetention(age: .seconds(20 * 24 * 60 * 60), count: 30)
        let memory = InMemoryStore(retention: retention)
        var sqlite = try ActionStore.open(directory: directory.state, retention: retention)
        var accepted = 0
        var pruned = 0
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
                sqlite = try ActionStore.open(directory: directory.state, retention: retention)
            }
            if step % 20 == 19 {
                let removed = try await sqlite.prune(now: changes.now)
                #expect(
                    try await memory.prune(now: changes.now) == removed, "seed \(seed), \(step)")
                pruned += removed
            }
            if step % 10 == 9 {
                try await expectSameAnswers(sqlite, memory, changes, "seed \(seed), step \(step)")
            }
        }
        try sqlite.close()
        #expect(memory.commitCount == accepted)
        #expect(pruned > 0)
        // Both kinds occur, or this test says nothing.
        #expect(30...140 ~= accepted, "seed \(seed)")
    }

    private func expectSameAnswers(
        _ sqlite: ActionStore, _ memory: InMemoryStore, _ changes: RandomChanges, _ place: Comment
    ) async throws {
        let chargers = RandomChanges.chargers
        #expect(try await sqlite.restore(chargers) == memory.restore(chargers), place)
        #expect(try await sqlite.latestInstant() == memory.latestInstant(), place)
        for state in [nil] + ActionStateName.allCases.map(Optional.some) {
            for offset in [0, 3, 20] {
                let query = ActionQuery(chargers: chargers, state: state, offset: offset, limit: 9)
                #expect(try await sqlite.actions(query) == memory.actions(query), place)
            }
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
                charger: pick(Self.chargers), intent: pick(intents),
                window: pick([nil, Action.ID("action_\(Int.random(in: 0..<60, using: &random))")]),
                until: pick([nil, now.advanced(by: .seconds(3600))]), at: now)
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            change.settings = SettingsChange(
                charger: pick(Self.chargers), maxChargeRate: pick([nil, Watts(0), Watts(60_000)]),
                at: now)
        }
        if Int.random(in: 0..<3, using: &random) == 0 { change.schedule = schedule() }
        if Int.random(in: 0..<3, using: &random) == 0 {
            change.slotDelay = SlotDelayChange(
                charger: pick(Self.chargers), start: now,
                delay: pick([.zero, .seconds(600), .seconds(1_800)]))
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            change.idempotency = IdempotencyRecord(
                scope: "s", key: pick(Self.keys), bodyHash: [UInt8](repeating: 1, count: 32),
                action: pick([nil, change.actions.first?.id]),
                schedule: pick([nil, change.schedule?.schedule]), createdAt: now)
        }
        return change
    }

    private mutating func schedule() -> ScheduleChange {
        let charger = pick(Self.chargers)
        let slots = [ScheduleSlot.noon, .night]
        let schedule = RecurringSchedule(
            id: pick(["sched_1", "sched_2", "sched_3"]), charger: charger,
            timezone: "Europe/Berlin", recurrence: pick([.daily, .weekly([.monday, .sunday])]),
            slots: pick([slots, slots.reversed(), [], [.night]]), updatedAt: now)
        return ScheduleChange(charger: charger, schedule: pick([nil, schedule]), at: now)
    }

    private mutating func action() -> Action {
        let states: [ActionState] = [
            .scheduled, .acknowledged, .completed, .cancelled,
            .failed(ActionFailure(code: .superseded, message: "by another")),
        ]
        // Few ids, so that many are replaced; each stays with one charger.
        let number = Int.random(in: 0..<60, using: &random)
        let stepBack = Int64.random(in: 0...2, using: &random) * 60_000
        var action = Action(
            id: Action.ID("action_\(number)"), charger: Self.chargers[number % 2],
            command: pick(ChargeCommand.allCases), state: pick(states),
            createdAt: now.advanced(by: .milliseconds(-stepBack)))
        action.startDelay = pick([nil, .zero, .seconds(1_800), .seconds(1_801)])
        let uptime = Int64.random(in: 0...1_000_000, using: &random)
        action.startOnBoot = pick([
            nil, BootInstant(boot: "boot_1", at: MonotonicInstant(nanoseconds: uptime)),
        ])
        return action
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &random)]
    }
}
