import ChargeControl
import ChargeModel

/// What clients want of one charger, followed from outside by the rules of the API contract.
///
/// It is told what the agent has accepted, begun and ended, and when it looked at its clock: only an
/// edge that it has seen ends what stands for good, and a clock that steps back brings back the rest.
struct WitnessedWishes {
    private(set) var inFlight: Action?
    /// What waits for its time.
    private(set) var waiting: Action?
    /// The end of either's window.
    private var end: WitnessedDue?
    private(set) var schedule: RecurringSchedule?
    private(set) var wantsCharge = false
    /// What stands without an action; adopted is whatever is found.
    private var intent: ChargeIntent?
    /// When the intent ends: with its window, which leaves it idle, or at an edge of the schedule.
    private var window: WitnessedDue?
    private var edge: WitnessedDue?
    private var slotDelay: SlotDelayChange?
    /// Of settings and actions.
    private var changes = 0

    /// What a decision depends on.
    struct Standing: Hashable {
        var intent: ChargeIntent?
        var window: WallInstant?
        var edge: WallInstant?
        var waiting: Action.ID?
        var wantsCharge: Bool
        var changes: Int
    }

    /// nil while an action is under way.
    var standing: Standing? {
        guard inFlight == nil else { return nil }
        return Standing(
            intent: intent, window: window?.wall, edge: edge?.wall, waiting: waiting?.id,
            wantsCharge: wantsCharge, changes: changes)
    }

    // MARK: - What happens

    /// The agent begins with what is durable.
    mutating func restored(_ restored: RestoredCharger, at now: TimePoint) {
        let changes = changes
        self = WitnessedWishes()
        self.changes = changes
        intent = restored.intent
        if case .adopted = intent { intent = .adopted(.zero) }
        schedule = restored.schedule
        slotDelay = restored.slotDelay
        window = restored.openWindow?.end.map { WitnessedDue($0, at: now) }
        if schedule != nil { edge = restored.intentUntil.map { WitnessedDue($0, at: now) } }
        if let open = restored.openAction { take(open, at: now) }
        settle(at: now)
    }

    /// The agent decides.
    ///
    /// - Parameter isTick: Only then it ends windows.
    mutating func looked(at now: TimePoint, isTick: Bool) {
        end?.look(at: now)
        window?.look(at: now)
        edge?.look(at: now)
        if isTick, let window, window.isOver(at: now) == true {
            keep(.idle, at: now)
            edge = nextEdge(after: window.wall.advanced(by: .milliseconds(-1)))
                .map { WitnessedDue($0, at: now) }
        }
        settle(at: now)
    }

    private mutating func settle(at now: TimePoint) {
        if intent != nil, window == nil, schedule != nil, now.isWallTrusted {
            if edge == nil {
                edge = nextEdge(after: now.wall).map { WitnessedDue($0, at: now) }
            } else if edge?.isOver(at: now) == true {
                intent = nil
                edge = nil
            }
        }
        wantsCharge = wants(at: now)
    }

    /// A client was told that an action is accepted. It takes the place of any other.
    mutating func accepted(_ action: Action, at now: TimePoint) {
        changes += 1
        inFlight = nil
        waiting = nil
        take(action, at: now)
        settle(at: now)
    }

    private mutating func take(_ action: Action, at now: TimePoint) {
        end = action.end.map { WitnessedDue($0, at: now) }
        switch action.state {
        case .acknowledged: inFlight = action
        case .scheduled: waiting = action
        case .completed, .failed, .cancelled: break
        }
    }

    /// - Returns: Whether it may begin now: alone.
    mutating func began(_ action: Action, at now: TimePoint) -> Bool {
        defer { settle(at: now) }
        let isAlone = inFlight == nil
        waiting = nil
        inFlight = action
        return isAlone
    }

    mutating func ended(_ action: Action, at now: TimePoint) {
        if waiting?.id == action.id { waiting = nil }
        guard inFlight?.id == action.id else { return }
        inFlight = nil
        switch (action.state, action.command) {
        case (.completed, .charge): keep(.charge, until: end, at: now)
        case (.completed, .idle): keep(.idle, at: now)
        // It may have been applied: what is found counts, and is not raised.
        case (.failed, .idle) where action.sandbox?.failure == nil:
            keep(.adopted(.zero), at: now)
        default: break
        }
        settle(at: now)
    }

    mutating func settingsChanged() { changes += 1 }

    /// The delay of a slot that has opened is known.
    mutating func delayed(_ change: SlotDelayChange, at now: TimePoint) {
        slotDelay = change
        settle(at: now)
    }

    mutating func scheduleSet(_ schedule: RecurringSchedule?, at now: TimePoint) {
        let goesOn = slotWish(at: now)
        self.schedule = schedule
        slotDelay = nil
        edge = nil
        if schedule != nil {
            if window == nil { intent = nil }
        } else if let goesOn {
            keep(goesOn ? .charge : .idle, at: now)
        }
        settle(at: now)
    }

    private mutating func keep(
        _ intent: ChargeIntent, until end: WitnessedDue? = nil, at now: TimePoint
    ) {
        self.intent = intent
        window = end
        edge = now.isWallTrusted ? nextEdge(after: now.wall).map { WitnessedDue($0, at: now) } : nil
    }

    // MARK: - What is wanted

    private func wants(at now: TimePoint) -> Bool {
        if let inFlight, inFlight.sandbox?.failure == nil { return inFlight.command == .charge }
        if let window { return intent == .charge && window.isOver(at: now) == false }
        guard schedule != nil else { return intent == .charge }
        if let intent {
            guard let edge else { return intent == .charge }
            // What may be over is held, and not raised.
            guard let isOver = edge.isOver(at: now) else { return false }
            if !isOver { return intent == .charge }
        }
        return slotWish(at: now) ?? false
    }

    /// What the schedule wants, where nothing goes before it and the time is known.
    private func slotWish(at now: TimePoint) -> Bool? {
        guard schedule != nil, now.isWallTrusted, window == nil,
            inFlight == nil || inFlight?.sandbox?.failure != nil,
            intent == nil || edge?.isOver(at: now) == true
        else { return nil }
        guard let minutes else { return true }
        guard let start = Self.openSlot(minutes, at: now.wall) else { return false }
        guard let slotDelay, slotDelay.start == start else { return true }
        return now.wall >= start.advanced(by: slotDelay.delay)
    }

    // MARK: - The schedule

    /// By a clock of UTC and every day alike; of any other schedule nothing is known.
    private var minutes: [Range<Int>]? {
        guard let schedule, schedule.timezone == "UTC", schedule.recurrence == .daily else {
            return nil
        }
        return schedule.slots.map { $0.startMinute..<$0.startMinute + $0.durationMinutes }
    }

    /// The start of the slot that is open.
    private static func openSlot(_ minutes: [Range<Int>], at wall: WallInstant) -> WallInstant? {
        let day = wall.milliseconds / 86_400_000 * 1_440
        let starts = minutes.flatMap { slot in
            [day - 1_440, day].map { (start: $0 + Int64(slot.lowerBound), length: slot.count) }
        }
        return starts.first { start, length in
            let begin = start * 60_000
            return begin..<begin + Int64(length) * 60_000 ~= wall.milliseconds
        }.map { WallInstant(milliseconds: $0.start * 60_000) }
    }

    private func nextEdge(after wall: WallInstant) -> WallInstant? {
        guard let minutes else { return nil }
        let day = wall.milliseconds / 86_400_000 * 1_440
        let edges = minutes.flatMap { [$0.lowerBound, $0.upperBound] }.flatMap { minute in
            [-1_440, 0, 1_440].map {
                WallInstant(milliseconds: (day + Int64(minute + $0)) * 60_000)
            }
        }
        return edges.filter { $0 > wall }.min()
    }
}

/// An instant of civil time as an agent can know it: by its wall clock as long as that is trusted, else
/// by its steady clock and what it knew last.
struct WitnessedDue {
    let wall: WallInstant
    private var steady: MonotonicInstant?

    init(_ wall: WallInstant, at now: TimePoint) {
        self.wall = wall
        look(at: now)
    }

    mutating func look(at now: TimePoint) {
        guard now.isWallTrusted else { return }
        steady = now.monotonic.advanced(by: now.wall.duration(to: wall))
    }

    /// nil while nothing is known.
    func isOver(at now: TimePoint) -> Bool? {
        now.isWallTrusted ? now.wall >= wall : steady.map { now.monotonic >= $0 }
    }
}
