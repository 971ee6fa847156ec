import AgentTestSupport
import ChargeControl
import ChargeModel

/// A store whose commits wait at a gate: a disk that hangs.
final class GatedStore: ActionRepository {
    private struct State {
        var isShut = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let inner: InMemoryStore
    private let state = Locked(State())

    init(_ inner: InMemoryStore = InMemoryStore()) {
        self.inner = inner
    }

    /// From now on commits wait.
    func shut() {
        state.withLock { $0.isShut = true }
    }

    /// Lets every commit go on, the waiting ones first.
    func open() {
        let waiting = state.withLock { state in
            state.isShut = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets the commit go on that has waited longest.
    func letOneThrough() {
        let first = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
        first?.resume()
    }

    /// How many commits wait.
    var waitingCount: Int { state.withLock(\.waiting.count) }

    func commit(_ change: StoreChange) async throws(StoreError) {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.isShut { state.waiting.append(continuation) }
                return !state.isShut
            }
            if isOpen { continuation.resume() }
        }
        try await inner.commit(change)
    }

    func restore(_ chargers: [ChargerID]) async throws(StoreError) -> [RestoredCharger] {
        try await inner.restore(chargers)
    }

    func action(_ id: Action.ID) async throws(StoreError) -> Action? {
        try await inner.action(id)
    }

    func actions(_ query: ActionQuery) async throws(StoreError) -> ActionPage {
        try await inner.actions(query)
    }

    func idempotencyRecord(
        scope: String, key: String, now: WallInstant
    ) async throws(StoreError) -> IdempotencyRecord? {
        try await inner.idempotencyRecord(scope: scope, key: key, now: now)
    }

    func latestInstant() async throws(StoreError) -> WallInstant? {
        try await inner.latestInstant()
    }

    func prune(now: WallInstant) async throws(StoreError) -> Int {
        try await inner.prune(now: now)
    }
}
