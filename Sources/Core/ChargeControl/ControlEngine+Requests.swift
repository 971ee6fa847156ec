import ChargeModel

// Requests of clients: refused at once, or made durable and then answered.
extension ControlEngine {
    /// A client pushes an action.
    ///
    /// - Parameters:
    ///   - id: The identifier that the action gets if it is accepted.
    ///   - request: Names the request in the answering effect.
    package mutating func requested(
        _ action: ActionRequest, id: Action.ID, as request: RequestID, at now: TimePoint
    ) -> [ControlEffect] {
        if let refusal = unsupported(action) ?? book.refusal(of: action, at: now.monotonic) {
            return [.refuse(request, refusal)]
        }
        var accepted = Action(
            id: id, charger: configuration.description.id, command: action.command,
            state: .acknowledged, createdAt: now.wall,
            sandbox: configuration.description.isSimulated ? action.sandbox : nil)
        accepted.acknowledgedAt = now.wall
        let commit = makeCommitID()
        let superseding = book.inFlight
        book.begin(
            ActionBook.Accepting(
                action: accepted, request: request, commit: commit, receivedAt: now,
                superseding: superseding))
        var change = unsaved.repeated(as: commit) ?? StoreChange()
        if let superseding {
            change.actions.append(Self.superseded(superseding.action, by: id, at: now))
        }
        change.actions.append(accepted)
        change.idempotency = action.idempotency.map {
            IdempotencyRecord(
                scope: $0.scope, key: $0.key, bodyHash: $0.bodyHash, action: id,
                createdAt: now.wall)
        }
        return [.persist(change, commit)]
    }

    /// A client changes settings.
    package mutating func settingsRequested(
        _ settings: SettingsRequest, as request: RequestID, at now: TimePoint
    ) -> [ControlEffect] {
        let commit = makeCommitID()
        pendingSettings.append(
            PendingSettings(
                commit: commit, request: request, maxChargeRate: settings.maxChargeRate))
        let change = StoreChange(
            settings: SettingsChange(
                charger: configuration.description.id, maxChargeRate: settings.maxChargeRate,
                at: now.wall),
            idempotency: settings.idempotency.map {
                IdempotencyRecord(
                    scope: $0.scope, key: $0.key, bodyHash: $0.bodyHash, action: nil,
                    createdAt: now.wall)
            })
        return [.persist(change, commit)]
    }

    /// A commit is durable: what it carried begins to count.
    package mutating func persisted(_ commit: CommitID, at now: TimePoint) -> [ControlEffect] {
        if case .accepting(let accepting) = book.state, accepting.commit == commit {
            return accepted(accepting, at: now)
        }
        if let index = pendingSettings.firstIndex(where: { $0.commit == commit }) {
            let settings = pendingSettings.remove(at: index)
            maxChargeRate = settings.maxChargeRate
            return decide(at: now) + [.accept(settings.request, .settings)]
        }
        return endsPersisted(commit)
    }

    private mutating func endsPersisted(_ commit: CommitID) -> [ControlEffect] {
        let ended = unsaved.persisted(commit)
        if let last = ended.last(where: { $0.id == lastAction?.id }) { lastAction = last }
        return ended.map { .announce(.action($0)) }
    }

    /// A commit failed: what it carried never came.
    package mutating func persistFailed(
        _ commit: CommitID, error: StoreError, at now: TimePoint
    ) -> [ControlEffect] {
        let refusal: RequestRefusal =
            error == .full ? .storeFull : .storeUnavailable(retryAfter: .seconds(5))
        unsaved.failed(commit)
        if case .accepting(let accepting) = book.state, accepting.commit == commit {
            book.abandon(accepting)
            return [.refuse(accepting.request, refusal)]
        }
        if let index = pendingSettings.firstIndex(where: { $0.commit == commit }) {
            return [.refuse(pendingSettings.remove(at: index).request, refusal)]
        }
        return []
    }

    // MARK: - Parts

    private func unsupported(_ action: ActionRequest) -> RequestRefusal? {
        let supported =
            CommandExecutions.supported.first { $0.command == action.command }?.executions ?? []
        guard !supported.contains(action.execution) else { return nil }
        return .executionNotSupported(requested: action.execution, supported: supported)
    }

    private mutating func accepted(
        _ accepting: ActionBook.Accepting, at now: TimePoint
    ) -> [ControlEffect] {
        var effects = endsPersisted(accepting.commit)
        if let superseding = accepting.superseding {
            let ended = Self.superseded(
                superseding.action, by: accepting.action.id, at: accepting.receivedAt)
            effects.append(.announce(.action(ended)))
        }
        book.becomeInFlight(inFlight(accepting.action, since: accepting.receivedAt))
        lastAction = accepting.action
        isAskedAgain = accepting.action.sandbox?.failure == nil
        // The target first: the client may read the answer while the write is on its way.
        effects += decide(at: now)
        effects += [
            .accept(accepting.request, .action(accepting.action)),
            .announce(.action(accepting.action)),
        ]
        return effects + followAction(at: now)
    }

    func inFlight(_ action: Action, since time: TimePoint) -> ActionBook.InFlight {
        ActionBook.InFlight(
            action: action, acceptedAt: time,
            wireDeadline: action.command == .charge
                ? time.monotonic.advanced(by: configuration.timing.reachWire) : nil,
            verifyDeadline: time.monotonic.advanced(by: configuration.timing.verify))
    }

    private static func superseded(
        _ action: Action, by id: Action.ID, at now: TimePoint
    ) -> Action {
        var ended = action
        ended.end(
            .failed(
                ActionFailure(
                    code: .superseded, message: "a newer action, \(id.rawValue), took its place")),
            at: now)
        return ended
    }

    mutating func makeCommitID() -> CommitID {
        defer { nextCommit += 1 }
        return CommitID(rawValue: nextCommit)
    }
}

extension Action {
    /// The action as it ends.
    mutating func end(_ state: ActionState, message: String? = nil, at now: TimePoint) {
        precondition(state.isTerminal && !self.state.isTerminal, "\(self.state) to \(state)")
        self.state = state
        self.message = message
        updatedAt = now.wall
        completedAt = now.wall
    }
}
