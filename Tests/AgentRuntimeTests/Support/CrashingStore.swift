import ActionStore
import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation

/// The real store, in a process that ends at a commit: what is on the disk then is copied, and nothing
/// that comes later is carried out or answered.
final class CrashingStore: ActionRepository {
    /// When the process ends.
    struct Crash: Sendable {
        /// In so many commits.
        var commit: Int
        /// Before the commit, or after it and before anybody knows of it.
        var isAfter: Bool
    }

    private struct State {
        var crash: Crash?
        var isDead = false
    }

    private let inner: ActionStore
    private let directory: String
    private let remains: String
    private let state: Locked<State>

    /// - Parameters:
    ///   - directory: The state directory that `inner` has open.
    ///   - remains: Where to copy what a crash leaves; the directory is made.
    init(
        _ inner: ActionStore, in directory: String, remains: String, crash: Crash?
    ) {
        self.inner = inner
        self.directory = directory
        self.remains = remains
        state = Locked(State(crash: crash))
    }

    var isDead: Bool { state.withLock(\.isDead) }

    func commit(_ change: StoreChange) async throws(StoreError) {
        try live()
        let crash = state.withLock { state -> Crash? in
            state.crash?.commit -= 1
            return state.crash?.commit == 0 ? state.crash : nil
        }
        guard let crash else { return try await inner.commit(change) }
        if crash.isAfter { try await inner.commit(change) }
        // One charger commits one thing after the other: nobody writes meanwhile.
        do {
            try copy()
        } catch {
            throw .unavailable(reason: "the remains cannot be copied: \(error)")
        }
        state.withLock { $0.isDead = true }
        try live()
    }

    /// What a killed process leaves: the database and its log, and not their index in memory.
    private func copy() throws {
        try FileManager.default.createDirectory(
            atPath: remains, withIntermediateDirectories: false)
        for file in ["evse-agent.sqlite", "evse-agent.sqlite-wal"] {
            try FileManager.default.copyItem(
                atPath: "\(directory)/\(file)", toPath: "\(remains)/\(file)")
        }
    }

    private func live() throws(StoreError) {
        guard isDead else { return }
        throw .unavailable(reason: "there is no process any more")
    }

    func restore(_ chargers: [ChargerID]) async throws(StoreError) -> [RestoredCharger] {
        try live()
        return try await inner.restore(chargers)
    }

    func action(_ id: Action.ID) async throws(StoreError) -> Action? {
        try live()
        return try await inner.action(id)
    }

    func actions(_ query: ActionQuery) async throws(StoreError) -> ActionPage {
        try live()
        return try await inner.actions(query)
    }

    func idempotencyRecord(
        scope: String, key: String, now: WallInstant
    ) async throws(StoreError) -> IdempotencyRecord? {
        try live()
        return try await inner.idempotencyRecord(scope: scope, key: key, now: now)
    }

    func latestInstant() async throws(StoreError) -> WallInstant? {
        try await inner.latestInstant()
    }

    func prune(now: WallInstant) async throws(StoreError) -> Int {
        try await inner.prune(now: now)
    }
}
