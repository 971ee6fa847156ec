import ChargeModel

/// Ends of actions whose commit failed or is under way. They are part of the next commit of an
/// action, and are repeated with every tick until one succeeds, so that a full disk loses no end.
struct UnsavedEnds: Hashable, Sendable {
    private var changes: [Pending] = []

    struct Pending: Hashable, Sendable {
        var action: Action
        var intent: IntentChange?
        /// nil after its commit failed.
        var commit: CommitID?
    }

    var isEmpty: Bool { changes.isEmpty }

    /// At most this many are kept; the oldest end is dropped then, and shows as unfinished after a
    /// restart.
    static let capacity = 16

    /// An intent takes the place of all before it: an older one must not be committed after it.
    mutating func add(_ action: Action, intent: IntentChange?, commit: CommitID) {
        if intent != nil {
            for index in changes.indices { changes[index].intent = nil }
        }
        if changes.count == Self.capacity { changes.removeFirst() }
        changes.append(Pending(action: action, intent: intent, commit: commit))
    }

    /// - Returns: The actions whose end is durable now.
    mutating func persisted(_ commit: CommitID) -> [Action] {
        let durable = changes.filter { $0.commit == commit }.map(\.action)
        changes.removeAll { $0.commit == commit }
        return durable
    }

    mutating func failed(_ commit: CommitID) {
        for index in changes.indices where changes[index].commit == commit {
            changes[index].commit = nil
        }
    }

    /// All ends that have to be committed again, with the intent that they leave, oldest first; nil
    /// when there are none. They become part of this commit.
    mutating func repeated(as commit: CommitID) -> StoreChange? {
        let waiting = changes.indices.filter { changes[$0].commit == nil }
        guard !waiting.isEmpty else { return nil }
        for index in waiting { changes[index].commit = commit }
        return StoreChange(
            actions: waiting.map { changes[$0].action },
            intent: waiting.compactMap { changes[$0].intent }.last)
    }
}
