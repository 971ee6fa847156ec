import ChargeControl
import ChargeModel
import Synchronization

/// The store without a disk: the double of `ActionStore`, held to the same contract by the same
/// suite. It can be told to fail.
package final class InMemoryStore: ActionRepository, KeyRepository {
    private let state = Mutex(State())
    private let retention: ActionRetention

    package init(retention: ActionRetention = .standard) {
        self.retention = retention
    }

    /// From now on every commit fails with this error and changes nothing; nil ends that.
    package func failCommits(with error: StoreError?) {
        state.withLock { $0.failure = error }
    }

    /// How many commits have succeeded.
    package var commitCount: Int { state.withLock(\.commitCount) }

    package func commit(_ change: StoreChange) async throws(StoreError) {
        try mutate { (state) throws(StoreError) in
            try state.apply(change)
            state.commitCount += 1
        }
    }

    package func restore(
        _ chargers: [ChargerID]
    ) async throws(StoreError) -> [RestoredCharger] {
        state.withLock { state in
            chargers.map { charger in
                let actions = state.actions.filter { $0.charger == charger }
                return RestoredCharger(
                    charger: charger, intent: state.intents[charger]?.intent,
                    intentUntil: state.intents[charger]?.until,
                    openWindow: state.actions.first { $0.id == state.intents[charger]?.window },
                    maxChargeRate: state.maxChargeRates[charger],
                    schedule: state.schedules[charger], slotDelay: state.slotDelays[charger],
                    openAction: actions.first { !$0.state.isTerminal }, lastAction: actions.last)
            }
        }
    }

    package func action(_ id: Action.ID) async throws(StoreError) -> Action? {
        state.withLock { $0.actions.first { $0.id == id } }
    }

    package func actions(_ query: ActionQuery) async throws(StoreError) -> ActionPage {
        let matching = state.withLock { state in
            state.actions.filter {
                query.chargers.contains($0.charger)
                    && (query.state == nil || query.state == $0.state.name)
            }
        }
        // Newest first; of one millisecond, the one that was inserted last.
        let sorted = matching.enumerated().sorted {
            ($0.element.createdAt, $0.offset) > ($1.element.createdAt, $1.offset)
        }
        return ActionPage(
            actions: sorted.dropFirst(query.offset).prefix(query.limit).map(\.element),
            total: matching.count)
    }

    package func idempotencyRecord(
        scope: String, key: String, now: WallInstant
    ) async throws(StoreError) -> IdempotencyRecord? {
        state.withLock { state in
            state.records.first {
                $0.scope == scope && $0.key == key && $0.isKept(at: now)
            }
        }
    }

    package func latestInstant() async throws(StoreError) -> WallInstant? {
        state.withLock(\.latestInstant)
    }

    package func prune(now: WallInstant) async throws(StoreError) -> Int {
        try mutate { (state) throws(StoreError) in
            let before = state.actions.count
            state.prune(retention, now: now)
            return before - state.actions.count
        }
    }

    package func keys() async throws(StoreError) -> [APIKey] {
        state.withLock(\.keys)
    }

    package func insert(_ key: APIKey) async throws(StoreError) {
        try mutate { (state) throws(StoreError) in
            try require(1...64 ~= key.name.unicodeScalars.count, "a key's name")
            try require(key.hash.count == 32, "the hash of a key has 32 bytes")
            for other in state.keys {
                try require(other.id != key.id && other.hash != key.hash, "a key twice")
                try require(
                    other.name != key.name || other.revokedAt != nil || key.revokedAt != nil,
                    "two valid keys of one name")
            }
            state.keys.append(key)
        }
    }

    package func revoke(
        _ nameOrID: String, at instant: WallInstant
    ) async throws(StoreError) -> Bool {
        try mutate { (state) throws(StoreError) in
            let valid = state.keys.indices.filter { state.keys[$0].revokedAt == nil }
            let index =
                valid.first { state.keys[$0].id == nameOrID }
                ?? valid.first { state.keys[$0].name == nameOrID }
            guard let index else { return false }
            state.keys[index].revokedAt = instant
            return true
        }
    }

    /// Changes a copy and keeps it if nothing was thrown: all of it or nothing of it.
    private func mutate<Value: Sendable>(
        _ body: (inout State) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try state.withLock { (state) throws(StoreError) in
            if let failure = state.failure { throw failure }
            var changed = state
            let value = try body(&changed)
            state = changed
            return value
        }
    }
}

private struct State {
    var failure: StoreError?
    var commitCount = 0
    /// In the order of insertion.
    var actions: [Action] = []
    var intents: [ChargerID: IntentChange] = [:]
    var maxChargeRates: [ChargerID: Watts] = [:]
    var schedules: [ChargerID: RecurringSchedule] = [:]
    var slotDelays: [ChargerID: SlotDelayChange] = [:]
    var records: [IdempotencyRecord] = []
    var keys: [APIKey] = []
    /// When settings were changed that are still there.
    var settingsTimes: [ChargerID: WallInstant] = [:]

    mutating func apply(_ change: StoreChange) throws(StoreError) {
        let open = change.actions.filter { !$0.state.isTerminal }
        for action in change.actions.filter(\.state.isTerminal) + open {
            try put(action)
        }
        if let change = change.intent {
            let isKnown = change.window.map { id in actions.contains { $0.id == id } } ?? true
            try require(isKnown || change.intent == nil, "the window of an unknown action")
            intents[change.charger] = change.intent == nil ? nil : change
        }
        if let change = change.settings {
            try require(
                0...50_000 ~= change.maxChargeRate?.rawValue ?? 0, "a charge rate of 0 to 50 kW")
            maxChargeRates[change.charger] = change.maxChargeRate
            settingsTimes[change.charger] = change.maxChargeRate == nil ? nil : change.at
        }
        if let change = change.schedule { try put(change) }
        if let delay = change.slotDelay {
            try require(.zero ... .seconds(1_800) ~= delay.delay, "a delay of 0 to 1,800 s")
            if schedules[delay.charger] != nil { slotDelays[delay.charger] = delay }
        }
        if let record = change.idempotency { try put(record) }
    }

    private mutating func put(_ action: Action) throws(StoreError) {
        try require(1...64 ~= action.id.rawValue.unicodeScalars.count, "the id of an action")
        try require(
            .zero ... .seconds(1_800) ~= action.startDelay ?? .zero, "a delay of 0 to 1,800 s")
        if let index = actions.firstIndex(where: { $0.id == action.id }) {
            actions[index] = action
        } else {
            actions.append(action)
        }
        let open = actions.filter { $0.charger == action.charger && !$0.state.isTerminal }
        try require(open.count <= 1, "two open actions of one charger")
    }

    private mutating func put(_ record: IdempotencyRecord) throws(StoreError) {
        try require(1...255 ~= record.key.unicodeScalars.count, "the length of a key")
        try require(record.bodyHash.count == 32, "the hash of a body has 32 bytes")
        if let action = record.action {
            try require(actions.contains { $0.id == action }, "an answer with an unknown action")
        }
        records.removeAll {
            $0.scope == record.scope && $0.key == record.key && !$0.isKept(at: record.createdAt)
        }
        let isTaken = records.contains { $0.scope == record.scope && $0.key == record.key }
        try require(!isTaken, "a second effect under one idempotency key")
        records.append(record)
    }

    private mutating func put(_ change: ScheduleChange) throws(StoreError) {
        if let schedule = change.schedule {
            try require(schedule.charger == change.charger, "the schedule of another charger")
            try require(1...64 ~= schedule.id.unicodeScalars.count, "the id of a schedule")
            try require(1...64 ~= schedule.timezone.unicodeScalars.count, "the name of a zone")
            try require(
                ScheduleRules.problem(of: schedule) == nil && schedule == schedule.inOrder,
                "a schedule that breaks its rules")
            let isTaken = schedules.values.contains {
                $0.id == schedule.id && $0.charger != schedule.charger
            }
            try require(!isTaken, "two schedules of one id")
        }
        schedules[change.charger] = change.schedule
        slotDelays[change.charger] = nil
    }

    var latestInstant: WallInstant? {
        var times = actions.map(\.updatedAt) + records.map(\.createdAt)
        times += intents.values.map(\.at) + settingsTimes.values + schedules.values.map(\.updatedAt)
        times += keys.map(\.createdAt) + keys.compactMap(\.revokedAt)
        return times.max()
    }

    mutating func prune(_ retention: ActionRetention, now: WallInstant) {
        records.removeAll { !$0.isKept(at: now) }
        let oldest = now.advanced(by: .zero - retention.age)
        var needed = Set(records.compactMap(\.action) + intents.values.compactMap(\.window))
        needed.formUnion(actions.filter { !$0.state.isTerminal }.map(\.id))
        var isSeen: Set<ChargerID> = []
        for action in actions.reversed() where isSeen.insert(action.charger).inserted {
            needed.insert(action.id)
        }
        actions.removeAll { $0.createdAt < oldest && !needed.contains($0.id) }
        var excess = actions.count - retention.count
        actions.removeAll { action in
            guard excess > 0, !needed.contains(action.id) else { return false }
            excess -= 1
            return true
        }
    }
}

extension IdempotencyRecord {
    fileprivate func isKept(at now: WallInstant) -> Bool {
        createdAt >= now.advanced(by: .seconds(-24 * 60 * 60))
    }
}

/// Refuses what the schema of the real store refuses.
private func require(_ condition: Bool, _ rule: String) throws(StoreError) {
    guard condition else { throw .unavailable(reason: "refused: \(rule)") }
}
