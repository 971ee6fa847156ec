import ChargeModel

// Requests of clients: refused at once, or made durable and then answered.
extension ControlEngine {
    /// A client pushes an action.
    ///
    /// - Parameters:
    ///   - id: The identifier that the action gets if it is accepted.
    ///   - startDelay: What was drawn for it, up to ``longestDelay(of:)``; nil if that is zero.
    ///   - request: Names the request in the answering effect.
    package mutating func requested(
        _ action: ActionRequest, id: Action.ID, startDelay: Duration? = nil,
        as request: RequestID, at now: TimePoint
    ) -> [ControlEffect] {
        if let refusal = unsupported(action) ?? book.refusal(of: action, at: now.monotonic) {
            return [.refuse(request, refusal)]
        }
        var accepted = accepted(action, id: id, at: now)
        accepted.startDelay = startDelay
        let commit = makeCommitID()
        let replacing = book.replaced
        book.begin(
            ActionBook.Accepting(
                action: accepted, request: request, commit: commit, receivedAt: now,
                replacing: replacing))
        var change = unsaved.repeated(as: commit)
        if let ended = Self.ended(replacing, by: id, at: now) { change.actions.append(ended) }
        change.actions.append(accepted)
        change.idempotency = action.idempotency.map {
            IdempotencyRecord($0, action: id, at: now.wall)
        }
        return [.persist(change, commit)]
    }

    private func accepted(_ request: ActionRequest, id: Action.ID, at now: TimePoint) -> Action {
        var action = Action(
            id: id, charger: configuration.description.id, command: request.command,
            state: request.timing == nil ? .acknowledged : .scheduled, createdAt: now.wall,
            sandbox: configuration.description.isSimulated ? request.sandbox : nil)
        guard let timing = request.timing else {
            action.acknowledgedAt = now.wall
            return action
        }
        action.start = timing.start
        action.end = timing.end
        if timing.isRelative {
            action.startOnBoot = BootInstant(
                boot: configuration.boot,
                at: now.monotonic.advanced(by: now.wall.duration(to: timing.start)))
        }
        return action
    }

    /// A client cancels the action that waits for its start.
    package mutating func cancelRequested(
        _ id: Action.ID, as request: RequestID, at now: TimePoint
    ) -> [ControlEffect] {
        guard case .scheduled(let waiting) = book.state, waiting.action.id == id else {
            let state = book.inFlight?.action.id == id ? ActionStateName.acknowledged : nil
            return [.refuse(request, state.map { .notCancellable($0) } ?? .unknownAction)]
        }
        var cancelled = waiting.action
        cancelled.end(.cancelled, at: now)
        let commit = makeCommitID()
        book.begin(
            ActionBook.Cancelling(
                scheduled: waiting, cancelled: cancelled, request: request, commit: commit))
        var change = unsaved.repeated(as: commit)
        change.actions.append(cancelled)
        return [.persist(change, commit)]
    }

    /// A client changes settings.
    package mutating func settingsRequested(
        _ settings: SettingsRequest, as request: RequestID, at now: TimePoint
    ) -> [ControlEffect] {
        let commit = makeCommitID()
        pending.append(
            PendingChange(
                commit: commit, request: request, change: .maxChargeRate(settings.maxChargeRate)))
        let change = StoreChange(
            settings: SettingsChange(
                charger: configuration.description.id, maxChargeRate: settings.maxChargeRate,
                at: now.wall),
            idempotency: settings.idempotency.map { IdempotencyRecord($0, at: now.wall) })
        return [.persist(change, commit)]
    }

    /// A client sets the recurring schedule, or removes it with nil.
    ///
    /// - Parameter schedule: Without mistakes; in a zone that the directory knows.
    package mutating func scheduleRequested(
        _ schedule: RecurringSchedule?, idempotency: IdempotencyKey? = nil, as request: RequestID,
        at now: TimePoint
    ) -> [ControlEffect] {
        let commit = makeCommitID()
        var change = unsaved.repeated(as: commit)
        // What was drawn for a slot goes with the schedule that it was drawn for.
        change.slotDelay = nil
        if let left = intentBesideSchedule(schedule, at: now) { change.intent = left }
        change.schedule = ScheduleChange(
            charger: configuration.description.id, schedule: schedule, at: now.wall)
        change.idempotency = idempotency.map {
            IdempotencyRecord($0, schedule: schedule ?? plan?.schedule, at: now.wall)
        }
        pending.append(
            PendingChange(commit: commit, request: request, change: .schedule(schedule)))
        return [.persist(change, commit)]
    }

    /// A commit is durable: what it carried begins to count.
    package mutating func persisted(_ commit: CommitID, at now: TimePoint) -> [ControlEffect] {
        if case .accepting(let accepting) = book.state, accepting.commit == commit {
            return accepted(accepting, at: now)
        }
        if case .cancelling(let cancelling) = book.state, cancelling.commit == commit {
            book.finish()
            note(cancelling.cancelled)
            return changesPersisted(commit) + decide(at: now) + [
                .accept(cancelling.request, .action(cancelling.cancelled)),
                .announce(.action(cancelling.cancelled)),
            ]
        }
        if let index = pending.firstIndex(where: { $0.commit == commit }) {
            return persisted(pending.remove(at: index), at: now)
        }
        return changesPersisted(commit)
    }

    private mutating func persisted(
        _ pending: PendingChange, at now: TimePoint
    ) -> [ControlEffect] {
        let wasPaused = ownLimit == .zero
        switch pending.change {
        case .maxChargeRate(let rate):
            maxChargeRate = rate
            return decide(at: now) + startRequested(ifPaused: wasPaused, at: now)
                + [.accept(pending.request, .settings)]
        case .schedule(let schedule):
            let before = plan?.schedule
            var effects = changesPersisted(pending.commit)
            take(schedule, at: now)
            effects += decide(at: now) + startRequested(ifPaused: wasPaused, at: now)
            effects.append(.accept(pending.request, .schedule(schedule ?? before)))
            // Once more: what was committed with it may not be what it comes to by now.
            effects.append(keep(intent: intentChange(at: now)))
            return effects
        }
    }

    /// Somebody has changed what decides, and waits for the start that comes of it. It counts as a
    /// pushed one; beyond as many as may be pushed it is one that nobody waits for.
    private mutating func startRequested(
        ifPaused wasPaused: Bool, at now: TimePoint
    ) -> [ControlEffect] {
        guard wasPaused, ownLimit != .zero, wantsCharge,
            book.startsFreeFrom(at: now.monotonic) == nil
        else { return [] }
        book.startRequested(at: now.monotonic)
        isStartAwaited = true
        return renewTarget(at: now)
    }

    private mutating func changesPersisted(_ commit: CommitID) -> [ControlEffect] {
        let changed = unsaved.persisted(commit)
        for action in changed { note(action) }
        return changed.map { .announce(.action($0)) }
    }

    /// Shows a new state of the newest action.
    mutating func note(_ action: Action) {
        if lastAction?.id == action.id { lastAction = action }
    }

    /// A commit failed: what it carried never came.
    package mutating func persistFailed(
        _ commit: CommitID, error: StoreError, at now: TimePoint
    ) -> [ControlEffect] {
        let refusal: RequestRefusal =
            error == .full ? .storeFull : .storeUnavailable(retryAfter: .seconds(5))
        unsaved.failed(commit)
        switch book.state {
        case .accepting(let accepting) where accepting.commit == commit:
            book.abandon()
            return [.refuse(accepting.request, refusal)]
        case .cancelling(let cancelling) where cancelling.commit == commit:
            book.abandon()
            return [.refuse(cancelling.request, refusal)]
        default:
            break
        }
        if let index = pending.firstIndex(where: { $0.commit == commit }) {
            return [.refuse(pending.remove(at: index).request, refusal)]
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
        var effects = changesPersisted(accepting.commit)
        let action = accepting.action
        if let ended = Self.ended(accepting.replacing, by: action.id, at: accepting.receivedAt) {
            effects.append(.announce(.action(ended)))
        }
        lastAction = action
        if action.start != nil {
            book.becomeScheduled(scheduled(action, at: now))
        } else {
            book.becomeInFlight(inFlight(action, since: accepting.receivedAt))
            isAskedAgain = action.sandbox?.failure == nil
        }
        // The target first: the client may read the answer while the write is on its way.
        effects += decide(at: now)
        effects += [
            .accept(accepting.request, .action(action)), .announce(.action(action)),
        ]
        return effects + startWhenDue(at: now) + followAction(at: now)
    }

    func inFlight(_ action: Action, since time: TimePoint) -> ActionBook.InFlight {
        ActionBook.InFlight(
            action: action, acceptedAt: time,
            wireDeadline: action.command == .charge
                ? time.monotonic.advanced(by: configuration.timing.reachWire) : nil,
            verifyDeadline: time.monotonic.advanced(by: configuration.timing.verify))
    }

    /// The end of what a newer action takes the place of.
    private static func ended(
        _ replaced: ActionBook.Replaced, by id: Action.ID, at now: TimePoint
    ) -> Action? {
        switch replaced {
        case .nothing:
            return nil
        case .scheduled(let waiting):
            var ended = waiting.action
            ended.end(.cancelled, at: now)
            return ended
        case .inFlight(let open):
            var ended = open.action
            ended.end(
                .failed(
                    ActionFailure(
                        code: .superseded,
                        message: "a newer action, \(id.rawValue), took its place")),
                at: now)
            return ended
        }
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

extension IdempotencyRecord {
    fileprivate init(
        _ key: IdempotencyKey, action: Action.ID? = nil, schedule: RecurringSchedule? = nil,
        at now: WallInstant
    ) {
        self.init(
            scope: key.scope, key: key.key, bodyHash: key.bodyHash, action: action,
            schedule: schedule, createdAt: now)
    }
}
