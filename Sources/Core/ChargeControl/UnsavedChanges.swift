import ChargeModel

/// What happened to actions, to the intent and to the delay of a slot, and whose commit failed or is
/// under way: starts, ends and ends of windows. They are part of the next commit of an action, and are repeated with every
/// tick until one succeeds, so that a full disk loses none.
struct UnsavedChanges: Hashable, Codable, Sendable {
    private var changes: [Pending] = []

    struct Pending: Hashable, Codable, Sendable {
        /// nil for a change of the others alone.
        var action: Action?
        var intent: IntentChange?
        var delay: SlotDelayChange?
        /// nil after its commit failed.
        var commit: CommitID?
    }

    /// Whether something has to be committed again.
    var isWaiting: Bool { changes.contains { $0.commit == nil } }

    /// At most this many are kept; the oldest is dropped then, and an action whose end it was shows
    /// as unfinished after a restart.
    static let capacity = 16

    /// An intent takes the place of all before it, and so does a delay, and a state of an action: an
    /// older one must not be committed after it.
    mutating func add(
        _ action: Action?, intent: IntentChange?, delay: SlotDelayChange? = nil, commit: CommitID
    ) {
        for index in changes.indices {
            if intent != nil { changes[index].intent = nil }
            if delay != nil { changes[index].delay = nil }
            guard let action, changes[index].action?.id == action.id else { continue }
            changes[index].action = nil
        }
        changes.removeAll { $0.action == nil && $0.intent == nil && $0.delay == nil }
        if changes.count == Self.capacity { changes.removeFirst() }
        changes.append(Pending(action: action, intent: intent, delay: delay, commit: commit))
    }

    /// - Returns: The actions whose newest state is durable now.
    mutating func persisted(_ commit: CommitID) -> [Action] {
        let durable = changes.filter { $0.commit == commit }.compactMap(\.action)
        changes.removeAll { $0.commit == commit }
        return durable
    }

    mutating func failed(_ commit: CommitID) {
        for index in changes.indices where changes[index].commit == commit {
            changes[index].commit = nil
        }
    }

    /// All that has to be committed again, with the intent that it leaves, oldest first. It becomes
    /// part of this commit.
    mutating func repeated(as commit: CommitID) -> StoreChange {
        let waiting = changes.indices.filter { changes[$0].commit == nil }
        for index in waiting { changes[index].commit = commit }
        return StoreChange(
            actions: waiting.compactMap { changes[$0].action },
            intent: waiting.compactMap { changes[$0].intent }.last,
            slotDelay: waiting.compactMap { changes[$0].delay }.last)
    }
}
