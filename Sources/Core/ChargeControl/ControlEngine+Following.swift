import ChargeModel

// The action in flight, from acceptance to its end.
extension ControlEngine {
    /// Compares the action in flight with what the driver reports, and ends it when that decides.
    mutating func followAction(at now: TimePoint) -> [ControlEffect] {
        // While an idle is being made durable over a charge, the charge waits for its fate.
        guard case .inFlight(var open) = book.state else { return [] }
        open.end?.follow(now)
        book.update(open)
        if let sandbox = open.action.sandbox, let effects = play(sandbox, open, at: now) {
            return effects
        }
        var effects: [ControlEffect] = []
        if !open.hasReachedWire, let reached = reachedWire {
            open.hasReachedWire = true
            book.update(open)
            let latency = open.acceptedAt.monotonic.duration(to: reached.monotonic)
            if latency >= .zero { effects.append(.reachedWire(after: latency)) }
        }
        if case .held(let revision, let until) = snapshot.application,
            revision == currentRevision, open.wireDeadline != nil
        {
            // The wait between two increases is ours, not the wallbox's.
            open.wireDeadline = until.advanced(by: configuration.timing.reachWire)
            book.update(open)
        }
        guard let outcome = outcome(of: open, at: now) else { return effects }
        if case .failed(.deviceRefused, _) = outcome, isTriedAgain(open, at: now) {
            return effects
        }
        return effects + end(open, outcome, at: now)
    }

    /// A scheduled start that was refused is tried again until its time is over: the client that
    /// asked for it is not there to do so.
    private mutating func isTriedAgain(_ open: ActionBook.InFlight, at now: TimePoint) -> Bool {
        guard open.action.start != nil, !hasRunOut(open, at: now) else { return false }
        var open = open
        if let again = open.retryAt, now.monotonic >= again {
            open.retryAt = nil
            isAskedAgain = true
        } else if open.retryAt == nil {
            open.retryAt = now.monotonic.advanced(by: configuration.timing.retry)
        }
        book.update(open)
        return true
    }

    private enum Outcome {
        case completed(message: String?)
        case failed(ActionErrorCode, String)
    }

    /// Plays the end that a client's test asked for; nil leaves the action to its course.
    private mutating func play(
        _ sandbox: SandboxOutcome, _ open: ActionBook.InFlight, at now: TimePoint
    ) -> [ControlEffect]? {
        let due = open.acceptedAt.monotonic.advanced(by: sandbox.delay)
        guard now.monotonic >= due else { return [] }
        guard let failure = sandbox.failure else { return nil }
        return end(open, .failed(failure, "as the sandbox object asked"), at: now)
    }

    var hasReachedWire: Bool { reachedWire != nil }

    /// When the current revision was first confirmed by the wallbox.
    private var reachedWire: TimePoint? {
        switch snapshot.application {
        case .written(let revision, let time) where revision == currentRevision: time
        case .verified(let revision, _, let time) where revision == currentRevision: time
        default: nil
        }
    }

    private func outcome(of open: ActionBook.InFlight, at now: TimePoint) -> Outcome? {
        switch snapshot.application {
        case .verified(let revision, let offered, let time)
        where revision == currentRevision && isRecent(time, at: now):
            let messages = [open.note, completionMessage(open.action, offered: offered)]
                .compactMap { $0 }
            return .completed(message: messages.isEmpty ? nil : messages.joined(separator: "; "))
        case .refused(let revision, let reason) where revision == currentRevision:
            return .failed(.deviceRefused, "the wallbox refused: \(reason)")
        case .withheld(let revision, let write) where revision == currentRevision:
            return .failed(
                .readOnly, "the agent is read-only: \"\(write)\" would have been written")
        default:
            break
        }
        if case .down(let reason) = snapshot.link, isPast(open.wireDeadline, at: now),
            !open.hasReachedWire
        {
            return .failed(.deviceOffline, "nothing could be written in time: \(reason)")
        }
        if !open.hasReachedWire, isPast(open.wireDeadline, at: now) {
            return .failed(.deviceOffline, "the wallbox confirmed no write in time")
        }
        guard hasRunOut(open, at: now) else { return nil }
        return .failed(lateCode, lateMessage)
    }

    /// Whether its time is over: it is not tried beyond the end of its window.
    private func hasRunOut(_ open: ActionBook.InFlight, at now: TimePoint) -> Bool {
        now.monotonic >= open.verifyDeadline || open.end?.isDue(at: now) == true
    }

    private func isRecent(_ time: TimePoint, at now: TimePoint) -> Bool {
        guard snapshot.link == .up else { return false }
        let poll = configuration.description.effectivePoll
        return Freshness(lastPoll: time.monotonic, now: now.monotonic, poll: poll) == .live
    }

    private func isPast(_ deadline: MonotonicInstant?, at now: TimePoint) -> Bool {
        deadline.map { now.monotonic >= $0 } ?? false
    }

    private var lateCode: ActionErrorCode {
        if snapshot.link != .up { return .deviceOffline }
        return snapshot.pilot.value == .e ? .deviceFaulted : .notApplied
    }

    private var lateMessage: String {
        if case .down(let reason) = snapshot.link {
            return "the wallbox does not answer: \(reason)"
        }
        if case .contradicted(_, let found) = snapshot.application {
            return "the wallbox took the write and is found at \(found)"
        }
        return snapshot.pilot.value == .e
            ? "the wallbox reports an error" : "the wallbox did not show the change in time"
    }

    private func completionMessage(_ action: Action, offered: Milliamperes) -> String? {
        guard action.command == .charge, let limit = decision.limit else { return nil }
        if limit == .zero { return decision.reason }
        guard offered.rawValue + configuration.step.rawValue <= limit.rawValue else { return nil }
        return "the wallbox offers \(offered) of \(limit)"
    }

    /// Ends the action in flight; its end becomes durable with the intent that it leaves.
    private mutating func end(
        _ open: ActionBook.InFlight, _ outcome: Outcome, at now: TimePoint
    ) -> [ControlEffect] {
        var action = open.action
        var change: IntentChange?
        switch outcome {
        case .completed(let message):
            action.end(.completed, message: message, at: now)
            let window = open.end.map { OpenWindow(action: action, end: $0) }
            change = setIntent(
                action.command == .charge ? .charge : .idle, window: window, at: now)
        case .failed(let code, let message):
            action.end(.failed(ActionFailure(code: code, message: message)), at: now)
            // A failed idle may have been applied with its answer lost: raise nothing for what
            // stood before; a failed charge leaves what stood before.
            if action.command == .idle, action.sandbox?.failure == nil {
                change = forgetIntent(at: now)
            }
        }
        book.finish()
        let kept = keep(action, intent: change)
        return decide(at: now) + [kept]
    }

    /// Orders the commit of what has happened already; repeated until it is durable.
    mutating func keep(
        _ action: Action? = nil, intent: IntentChange? = nil, delay: SlotDelayChange? = nil
    ) -> ControlEffect {
        let commit = makeCommitID()
        unsaved.add(action, intent: intent, delay: delay, commit: commit)
        return .persist(
            StoreChange(
                actions: action.map { [$0] } ?? [], intent: intent, slotDelay: delay), commit)
    }

    /// Commits again what could not be committed.
    mutating func repeatUnsaved() -> [ControlEffect] {
        guard unsaved.isWaiting else { return [] }
        let commit = makeCommitID()
        return [.persist(unsaved.repeated(as: commit), commit)]
    }

    /// Takes up the action that a restart interrupted: an `idle` always; a `charge` only as long as
    /// it could still have been on its way, so that no forgotten start comes late. One that has not
    /// started yet waits on.
    mutating func resume(_ action: Action?, at now: TimePoint) {
        guard let action, !action.state.isTerminal else { return }
        guard action.state != .scheduled else {
            return book.becomeScheduled(scheduled(action, at: now))
        }
        var open: ActionBook.InFlight
        let limit: Duration
        if action.start == nil {
            open = inFlight(action, since: now)
            limit = configuration.timing.verify
        } else {
            open = inFlightDeferred(action, end: action.end.map { WallDue($0, at: now) }, at: now)
            limit = configuration.timing.verifyDeferred
        }
        let age = (action.acknowledgedAt ?? action.createdAt).duration(to: now.wall)
        if action.command == .charge, !(.zero..<limit ~= age) {
            open.wireDeadline = now.monotonic
            open.verifyDeadline = now.monotonic
        }
        book.becomeInFlight(open)
    }
}
