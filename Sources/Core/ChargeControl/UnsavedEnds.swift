import ChargeModel

/// Ends of actions whose commit failed or is under way. They are part of the next commit, and are
/// repeated with every tick until one succeeds, so that a full disk loses no end.
struct UnsavedEnds: Hashable, Sendable {
    private var changes: [Pending] = []

    struct Pending: Hashable, Sendable {
        var action: Action
        var intent: IntentChange?
        /// nil after its commit failed.
        var commit: CommitID?
    }

    /// At most this many are kept; the oldest end is dropped then, and shows as unfinished after a
    /// restart.
    static let capacity = 16

    mutating func add(_ action: Action, intent: IntentChange?, commit: CommitID) {
        if changes.count == Self.capacity { changes.removeFirst() }
        changes.append(Pending(action: action, intent: intent, commit: commit))
    }

    /// - Returns: The action whose end is durable now.
    mutating func persisted(_ commit: CommitID) -> Action? {
        guard let index = changes.firstIndex(where: { $0.commit == commit }) else { return nil }
        return changes.remove(at: index).action
    }

    /// The ends whose commit failed, to be part of another commit.
    var waiting: [Action] { changes.filter { $0.commit == nil }.map(\.action) }

    mutating func failed(_ commit: CommitID) {
        guard let index = changes.firstIndex(where: { $0.commit == commit }) else { return }
        changes[index].commit = nil
    }

    /// The oldest end that has to be committed again.
    mutating func repeated(as commit: CommitID) -> StoreChange? {
        guard let index = changes.firstIndex(where: { $0.commit == nil }) else { return nil }
        changes[index].commit = commit
        return StoreChange(actions: [changes[index].action], intent: changes[index].intent)
    }
}
