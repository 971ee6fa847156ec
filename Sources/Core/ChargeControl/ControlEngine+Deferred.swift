import ChargeModel

// What waits for its time: scheduled actions, ends of windows, the recurring schedule.
extension ControlEngine {
    // MARK: - Scheduled actions

    /// A durable action that waits for its start.
    func scheduled(_ action: Action, at now: TimePoint) -> ActionBook.Scheduled {
        let start: ActionBook.StartTime
        if let due = action.startOnBoot, due.boot == configuration.boot {
            start = .steady(due.at.advanced(by: action.startDelay ?? .zero))
        } else {
            start = .wall(WallDue(action.delayedStart ?? action.createdAt, at: now))
        }
        return ActionBook.Scheduled(
            action: action, start: start, end: action.end.map { WallDue($0, at: now) })
    }

    /// Starts the action that waits, or ends it when its window has passed.
    mutating func startWhenDue(at now: TimePoint) -> [ControlEffect] {
        guard case .scheduled(var waiting) = book.state else { return [] }
        waiting.follow(now)
        if waiting.end?.isDue(at: now) == true { return miss(waiting, at: now) }
        guard waiting.isDue(at: now) else {
            waiting.wasAhead = now.isWallTrusted
            book.becomeScheduled(waiting)
            return []
        }
        return start(waiting, at: now)
    }

    private mutating func start(
        _ waiting: ActionBook.Scheduled, at now: TimePoint
    ) -> [ControlEffect] {
        var action = waiting.action
        action.state = .acknowledged
        action.acknowledgedAt = now.wall
        action.updatedAt = now.wall
        var open = inFlightDeferred(action, end: waiting.end, at: now)
        let late = waiting.lateness(at: now)
        if !waiting.wasAhead, late >= configuration.timing.lateness {
            open.note =
                "started \(late.words) late: the agent was not running at its time, or the wall "
                + "clock was not trusted"
        }
        book.becomeInFlight(open)
        note(action)
        isAskedAgain = action.sandbox?.failure == nil
        let kept = keep(action)
        // The wire first: the start is durable already, as scheduled.
        return decide(at: now) + [kept]
    }

    private mutating func miss(
        _ waiting: ActionBook.Scheduled, at now: TimePoint
    ) -> [ControlEffect] {
        var action = waiting.action
        action.end(
            .failed(
                ActionFailure(
                    code: .windowMissed,
                    message: "the window was over before it could be opened: the agent was not "
                        + "running, or the wall clock was not trusted")),
            at: now)
        book.finish()
        note(action)
        return [keep(action)]
    }

    /// A deferred action as it begins: it has no deadline for the wire, because nobody waits.
    func inFlightDeferred(
        _ action: Action, end: WallDue?, at now: TimePoint
    ) -> ActionBook.InFlight {
        ActionBook.InFlight(
            action: action, acceptedAt: now,
            verifyDeadline: now.monotonic.advanced(by: configuration.timing.verifyDeferred),
            end: end)
    }

    // MARK: - The intent

    /// What stands from now on; it goes before the schedule until the schedule's next edge.
    mutating func setIntent(
        _ intent: ChargeIntent, window: OpenWindow? = nil, at now: TimePoint
    ) -> IntentChange {
        self.intent = intent
        self.window = window
        foundAtMost = nil
        unreadable = nil
        stand(at: now)
        return intentChange(at: now)
    }

    /// Until the next edge after now: an edge that has just passed, and was not looked at yet, must
    /// not end what comes after it.
    mutating func stand(at now: TimePoint) {
        plan?.follow(now)
        intentUntil = plan?.moment.map { WallDue($0.nextEdge, at: now) }
    }

    func intentChange(at now: TimePoint) -> IntentChange {
        // What was only found is not durable: after a restart it is found again, or not. After an
        // idle that failed it is all that counts.
        let durable: ChargeIntent? =
            switch intent {
            case .charge, .idle: intent
            case .adopted, nil: foundAtMost.map { .adopted($0) }
            }
        return IntentChange(
            charger: configuration.description.id, intent: durable, window: window?.action.id,
            until: durable == nil ? nil : intentUntil?.wall, at: now.wall)
    }

    /// At its end a window leaves the charger idle.
    mutating func endWindowWhenDue(at now: TimePoint) -> [ControlEffect] {
        guard window != nil else { return [] }
        window?.end.follow(now)
        guard let end = window?.end, end.isDue(at: now) == true else { return [] }
        var change = setIntent(.idle, at: now)
        // Whenever its end is noticed: what is decided then is what would be otherwise.
        if let edge = plan?.edge(notBefore: end.wall) {
            intentUntil = WallDue(edge, at: now)
            if intentUntil?.isDue(at: now) == true { endIntent() }
            change = intentChange(at: now)
        }
        let kept = keep(intent: change)
        return decide(at: now) + [kept]
    }

    /// The schedule alone counts.
    private mutating func endIntent() {
        intent = nil
        intentUntil = nil
        foundAtMost = nil
    }

    /// `idle-ends-at-unplug`: the next vehicle charges.
    mutating func endIdleAtUnplug(at now: TimePoint) -> [ControlEffect] {
        guard configuration.idleEndsAtUnplug, intent == .idle, book.inFlight == nil,
            wish == .intent(.idle)
        else { return [] }
        return [keep(intent: setIntent(.charge, at: now))]
    }

    // MARK: - The recurring schedule

    /// Brings the schedule up to date, and tells how long the intent goes before it as soon as that
    /// is known.
    mutating func followSchedule(at now: TimePoint) -> [ControlEffect] {
        plan?.follow(now)
        intentUntil?.follow(now)
        guard let moment = plan?.moment, intent != nil || mustAdopt, window == nil else {
            return []
        }
        if intentUntil == nil {
            intentUntil = WallDue(moment.nextEdge, at: now)
        } else if intentUntil?.isDue(at: now) == true {
            // For good: a wall clock that steps back must not bring it back.
            endIntent()
        } else {
            return []
        }
        return [keep(intent: intentChange(at: now))]
    }

    /// What becomes of the intent when the schedule is set: it is over. When the schedule is removed:
    /// what the schedule wants now goes on.
    mutating func intentBesideSchedule(
        _ schedule: RecurringSchedule?, at now: TimePoint
    ) -> IntentChange? {
        let charger = configuration.description.id
        guard schedule == nil else {
            guard window == nil else { return nil }
            return IntentChange(charger: charger, intent: nil, at: now.wall)
        }
        // A slot may have ended since it was decided last.
        plan?.follow(now)
        switch currentWish(at: now) {
        case .slot: return IntentChange(charger: charger, intent: .charge, at: now.wall)
        case .delayed, .betweenSlots:
            return IntentChange(charger: charger, intent: .idle, at: now.wall)
        case .undecided, .intent, .unknowable: return nil
        }
    }

    /// The schedule is durable, or durably gone. What becomes of the intent is as of now: since it was
    /// asked for a slot may have ended, or an action.
    mutating func take(_ schedule: RecurringSchedule?, at now: TimePoint) {
        let change = intentBesideSchedule(schedule, at: now)
        unreadable = nil
        plan = schedule.flatMap { schedule in
            zones.zone(named: schedule.timezone).map {
                SchedulePlan(schedule, zone: $0, at: now)
            }
        }
        if let change {
            intent = change.intent
            window = nil
            foundAtMost = nil
        }
        // What was drawn belonged to the schedule of before, and is gone with it from the disk.
        slotDelay = nil
        // Without a schedule there is no edge.
        if change != nil || plan == nil { intentUntil = nil }
    }

    // MARK: - After a restart

    mutating func restoreDeferred(_ restored: RestoredCharger, at now: TimePoint) {
        unreadable = restored.unreadable
        if let schedule = restored.schedule {
            if let problem = ScheduleRules.problem(of: schedule) {
                unreadable = "the schedule breaks its rules: \(problem.field) \(problem.message)"
            } else if let zone = zones.zone(named: schedule.timezone) {
                plan = SchedulePlan(schedule.inOrder, zone: zone, at: now)
            } else {
                unreadable = "the schedule is in the zone \(schedule.timezone), which is not known"
            }
        }
        slotDelay = restored.slotDelay.map { SlotDelay(start: $0.start, delay: $0.delay) }
        if case .adopted(let most) = restored.intent {
            foundAtMost = most
        } else {
            intent = restored.intent
        }
        if plan != nil { intentUntil = restored.intentUntil.map { WallDue($0, at: now) } }
        if intent == .charge, let opener = restored.openWindow, let end = opener.end {
            window = OpenWindow(action: opener, end: WallDue(end, at: now))
        }
    }

    // MARK: - What is shown

    /// The window that is open or coming, else what the recurring schedule does.
    var currentSchedule: CurrentSchedule? {
        if book.hasInFlight, let open = book.inFlight, open.action.start != nil {
            return CurrentSchedule(open.action, .active)
        }
        if let window { return CurrentSchedule(window.action, .active) }
        if let waiting = book.scheduled { return CurrentSchedule(waiting.action, .pending) }
        guard let plan else { return nil }
        let occurrence = plan.moment?.active ?? plan.moment?.next
        var state = CurrentSchedule.State.pending
        var next = plan.moment?.next.start
        switch wish {
        case .slot: state = .active
        case .delayed(_, let begins): next = begins
        case .undecided, .intent, .betweenSlots, .unknowable: break
        }
        return CurrentSchedule(
            id: plan.schedule.id, kind: .schedule, state: state, command: .charge,
            start: occurrence?.start, end: occurrence?.end, nextFireAt: next,
            startDelay: plan.moment?.active.flatMap { drawnDelay(of: $0) })
    }
}

extension ActionBook.Scheduled {
    mutating func follow(_ now: TimePoint) {
        end?.follow(now)
        guard case .wall(var due) = start else { return }
        due.follow(now)
        start = .wall(due)
    }

    /// What raises current begins by a clock that is trusted now, and only into a window whose end
    /// can be told.
    func isDue(at now: TimePoint) -> Bool {
        if let end, end.isDue(at: now) == nil { return false }
        switch start {
        case .steady(let time): return now.monotonic >= time
        case .wall(let due):
            return action.command == .charge
                ? due.isDueForCertain(at: now) : due.isDue(at: now) == true
        }
    }

    func lateness(at now: TimePoint) -> Duration {
        switch start {
        case .steady(let time): time.duration(to: now.monotonic)
        case .wall(let due): due.wall.duration(to: now.wall)
        }
    }
}

extension CurrentSchedule {
    fileprivate init(_ action: Action, _ state: State) {
        self.init(
            id: action.id.rawValue, kind: .window, state: state, command: action.command,
            start: action.start, end: action.end,
            nextFireAt: state == .pending ? action.delayedStart : nil,
            startDelay: action.startDelay)
    }
}

extension Action {
    /// When it begins.
    fileprivate var delayedStart: WallInstant? { start?.advanced(by: startDelay ?? .zero) }
}

extension Duration {
    /// Such as "2 h 5 min", for people.
    var words: String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        default: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        }
    }
}
