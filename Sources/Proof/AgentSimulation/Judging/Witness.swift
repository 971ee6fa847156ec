import ChargeControl
import ChargeModel
import DeviceProfiles

/// What an observer outside knows of one charger: kept apart from the engines, so that these are not
/// their own judges.
struct Witness {
    /// The last time at which somebody wanted it to charge.
    private(set) var chargeWantedAt: MonotonicInstant?
    private(set) var wantsCharge = false
    private(set) var inFlight: Action?
    /// What waits for its time, and whether that has come: it begins at once, and that is told when it
    /// is durable.
    private var waiting: (action: Action, isDue: Bool)?
    private var intent: ChargeIntent?
    /// When the intent ends: with its window, which leaves it idle, or at an edge of the schedule.
    private var windowEnd: WallInstant?
    private var edge: WallInstant?
    private(set) var schedule: RecurringSchedule?
    /// Every action that a client was told is accepted.
    private(set) var accepted: [Action.ID] = []
    /// Those that began, and those that ended, since the agent started.
    private var begun: [Action.ID] = []
    private var ended: [Action.ID] = []
    /// When the last write of the agent raised what the wallbox allows.
    var raisedAt: MonotonicInstant?
    /// When writes of the agent switched the wallbox on or off, the newest last.
    private var toggles: [MonotonicInstant] = []
    /// Until when something was not as it should be.
    var disturbedUntil: MonotonicInstant
    var activations = 0
    /// What the meter said last, and since when that meter is there for sure.
    var energy: WattHours?
    private(set) var meterSince: MonotonicInstant
    /// Writes of each register whose flash memory wears out, in the last 24 h.
    private var writes: [RegisterWrites] = []
    private var cycles = 0
    /// In the last hour: when the contactor closed, and when there was a reason for it.
    private var closings: [MonotonicInstant] = []
    private var reasons: [MonotonicInstant] = []

    private struct RegisterWrites {
        var register: RegisterID
        var value: Int
        var times: [MonotonicInstant]
    }

    /// What clients want, as far as a decision depends on it.
    struct Wishes: Hashable {
        var intent: ChargeIntent?
        var windowEnd: WallInstant?
        var isSlotOpen: Bool
        var accepted: Int
    }

    var sinceTargetChanged: MonotonicInstant?

    init() {
        disturbedUntil = MonotonicInstant(nanoseconds: 0)
        meterSince = disturbedUntil
    }

    /// The agent begins with what is durable.
    mutating func agentStarted(_ restored: RestoredCharger) {
        intent = restored.intent
        windowEnd = restored.openWindow?.end
        edge = restored.intentUntil
        inFlight = nil
        waiting = nil
        if let open = restored.openAction { take(open) }
        schedule = restored.schedule
        begun = []
        ended = []
    }

    private mutating func take(_ action: Action) {
        if action.state == .acknowledged { inFlight = action } else { waiting = (action, false) }
    }

    /// A client was told that an action is accepted; one that is cancelled has been before.
    mutating func accepted(_ action: Action, at now: TimePoint) {
        guard !action.state.isTerminal else { return }
        noteWish(at: now)
        accepted.append(action.id)
        take(action)
        noteWish(at: now)
    }

    /// To be told with every tick, and before anything changes.
    mutating func noteWish(at now: TimePoint) {
        let before = wantsCharge
        settleWish(at: now)
        if wantsCharge, !before { excuseContactor(at: now.monotonic, times: 1) }
    }

    private mutating func settleWish(at now: TimePoint) {
        if let windowEnd, windowEnd <= now.wall { keep(.idle, at: now) }
        if intent != nil, edge == nil { edge = nextEdge(after: now.wall) }
        if let edge, edge <= now.wall, windowEnd == nil {
            intent = nil
            self.edge = nil
        }
        if let inFlight, inFlight.sandbox?.failure == nil {
            wantsCharge = inFlight.command == .charge
        } else {
            wantsCharge = intent.map { $0 == .charge } ?? isSlotOpen(at: now.wall)
        }
        if let waiting, waiting.isDue || waiting.action.isDue(at: now) {
            self.waiting?.isDue = true
            wantsCharge = wantsCharge || waiting.action.command == .charge
        }
        if wantsCharge { chargeWantedAt = now.monotonic }
    }

    private mutating func keep(
        _ intent: ChargeIntent?, until end: WallInstant? = nil, at now: TimePoint
    ) {
        self.intent = intent
        windowEnd = end
        edge = intent == nil ? nil : nextEdge(after: now.wall)
    }

    /// - Returns: Whether it may begin: once in the life of a process, and alone.
    mutating func began(_ action: Action, at now: TimePoint) -> Bool {
        guard !begun.contains(action.id), !ended.contains(action.id), inFlight == nil else {
            return false
        }
        begun.append(action.id)
        if waiting?.action.id == action.id { waiting = nil }
        inFlight = action
        noteWish(at: now)
        return true
    }

    /// - Returns: Whether it may end: once in the life of a process, and after it was accepted.
    mutating func ended(_ action: Action, at now: TimePoint) -> Bool {
        noteWish(at: now)
        guard !ended.contains(action.id) else { return false }
        ended.append(action.id)
        if inFlight?.id == action.id { inFlight = nil }
        if waiting?.action.id == action.id { waiting = nil }
        switch (action.state, action.command) {
        case (.completed, .charge): keep(.charge, until: action.end, at: now)
        case (.completed, .idle): keep(.idle, at: now)
        case (.failed, .idle) where action.sandbox?.failure == nil && begun(action):
            keep(nil, at: now)
        default: break
        }
        noteWish(at: now)
        return true
    }

    /// A scheduled one that was missed or replaced has changed nothing.
    private func begun(_ action: Action) -> Bool { action.acknowledgedAt != nil }

    /// nil while an action is under way or waits.
    var wishes: Wishes? {
        guard inFlight == nil, waiting == nil else { return nil }
        return Wishes(
            intent: intent, windowEnd: windowEnd, isSlotOpen: wantsCharge,
            accepted: accepted.count)
    }

    // MARK: - Wear

    mutating func toggled(at now: MonotonicInstant) {
        toggles.append(now)
        if toggles.count > 16 { toggles.removeFirst() }
    }

    /// Whether a start that nobody waits for may be put off, or was until a moment ago (requirement
    /// R11: 180 s after the last toggle, and 10 toggles in an hour).
    func mayStartLater(at now: MonotonicInstant) -> Bool {
        guard let last = toggles.last else { return false }
        let inHour = toggles.count { $0.duration(to: now) < .seconds(3_612) }
        return last.duration(to: now) < .seconds(192) || inHour >= 9
    }

    /// Another wallbox, with another meter, hangs at the address from now on.
    mutating func meterReplaced(at now: MonotonicInstant) {
        energy = nil
        meterSince = now.advanced(by: .seconds(15))
    }

    /// A register that wears out is written.
    ///
    /// - Returns: How often it was in the 24 h before, and its value.
    mutating func wrote(
        _ register: RegisterID, _ value: Int, at now: MonotonicInstant
    ) -> (count: Int, value: Int?) {
        guard let place = writes.firstIndex(where: { $0.register == register }) else {
            writes.append(RegisterWrites(register: register, value: value, times: [now]))
            return (0, nil)
        }
        writes[place].times.removeAll { $0.duration(to: now) > .seconds(86_400) }
        let before = (writes[place].times.count, writes[place].value)
        writes[place].times.append(now)
        writes[place].value = value
        return before
    }

    /// Something happens that may close the contactor so many times.
    mutating func excuseContactor(at now: MonotonicInstant, times: Int) {
        for _ in 0..<times { reasons.append(now) }
    }

    /// - Parameter cycles: How often it has closed in all.
    /// - Returns: How often it has closed in the last hour, and how often it may have.
    mutating func contactor(
        _ cycles: Int, at now: MonotonicInstant
    ) -> (closed: Int, allowed: Int) {
        guard cycles > self.cycles else {
            // Another wallbox counts anew.
            self.cycles = cycles
            return (0, 0)
        }
        for _ in self.cycles..<cycles { closings.append(now) }
        self.cycles = cycles
        closings.removeAll { $0.duration(to: now) > .seconds(3_600) }
        // What was wanted shortly before the hour may come within it.
        reasons.removeAll { $0.duration(to: now) > .seconds(3_900) }
        return (closings.count, reasons.count + Self.automaticCycles)
    }

    /// In an hour, as many as requirement R11 grants to clients.
    private static let automaticCycles = 20

    // MARK: - The schedule

    mutating func scheduleSet(_ schedule: RecurringSchedule?, at now: TimePoint) {
        noteWish(at: now)
        let wasOpen = isSlotOpen(at: now.wall)
        let hadSchedule = self.schedule != nil
        self.schedule = schedule
        if schedule != nil {
            if windowEnd == nil { keep(nil, at: now) }
        } else {
            edge = nil
            if hadSchedule, intent == nil { keep(wasOpen ? .charge : .idle, at: now) }
        }
        noteWish(at: now)
    }

    /// By a clock of UTC and every day alike; of any other schedule nothing is known.
    private var minutes: [Range<Int>]? {
        guard let schedule, schedule.timezone == "UTC", schedule.recurrence == .daily else {
            return nil
        }
        return schedule.slots.map { $0.startMinute..<$0.startMinute + $0.durationMinutes }
    }

    private func isSlotOpen(at wall: WallInstant) -> Bool {
        guard schedule != nil else { return false }
        guard let minutes else { return true }
        let minute = Int(wall.milliseconds / 60_000 % 1_440)
        return minutes.contains { $0.contains(minute) || $0.contains(minute + 1_440) }
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

extension Action {
    fileprivate func isDue(at now: TimePoint) -> Bool {
        let delay = startDelay ?? .zero
        if let startOnBoot { return now.monotonic >= startOnBoot.at.advanced(by: delay) }
        guard let start else { return true }
        return now.isWallTrusted && now.wall >= start.advanced(by: delay)
    }
}
