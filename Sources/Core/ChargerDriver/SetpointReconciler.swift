import ChargeModel
import DeviceProfiles

/// Brings a wallbox to its goal and knows how far it has come: compares levels, never chases edges.
///
/// ```
/// goal   believed        increase allowed   command
/// 0      off             -                  none
/// 0      on, unknown     -                  idle, at once
/// > 0    off             yes                charge, at most one increase per 5 s
/// > 0    off             no                 none
/// > 0    on, above goal  -                  limit, at once
/// > 0    on, below goal  yes                limit, at most one increase per 5 s
/// > 0    limit unknown   -                  limit, at once: it counts as above
/// ```
/// What was written and confirmed is believed until a poll contradicts it: judged after the settle
/// time and two polls. Source: requirements R8, R9, R12.
package struct SetpointReconciler: Hashable, Sendable {
    private let control: ControlTraits
    private let timing: DriverTiming
    /// How long after a write the wallbox may still show or do the old thing.
    private let settle: Duration

    package private(set) var belief = SetpointBelief()
    package private(set) var progress: Progress = .pending
    private var awaiting: Awaiting?
    /// The goal that a poll has shown to be in force exactly.
    private var shownExactly: Milliamperes?
    /// A goal of which the wallbox offers less, for reasons of its own; not written again.
    private var clamped: Milliamperes?
    private var lastIncrease: MonotonicInstant?
    private var retryAt: MonotonicInstant?
    private var contradictions = 0
    private var foreignChanges: [MonotonicInstant] = []

    /// How far the goal has come.
    package enum Progress: Hashable, Sendable {
        case pending
        case written(at: TimePoint)
        case verified(offered: Milliamperes, at: TimePoint)
        case refused(reason: String)
        case contradicted(found: Milliamperes)
    }

    /// A confirmed write that no poll has shown yet.
    private struct Awaiting: Hashable, Sendable {
        var goal: Milliamperes
        var since: MonotonicInstant
        var polls = 0
    }

    /// What to bring the wallbox to.
    package struct Goal: Hashable, Sendable {
        package var limit: Milliamperes
        package var allowsIncrease: Bool

        package init(limit: Milliamperes, allowsIncrease: Bool) {
            self.limit = limit
            self.allowsIncrease = allowsIncrease
        }
    }

    /// A command that brings the wallbox nearer to the goal.
    package struct Command: Hashable, Sendable {
        package var kind: Kind
        package var limit: Milliamperes
        /// A reduction goes before everything else and never waits.
        package var isReduction: Bool

        package enum Kind: Hashable, Sendable {
            case charge, limit, idle
        }
    }

    package init(control: ControlTraits, timing: DriverTiming) {
        self.control = control
        self.timing = timing
        let isJudgedByVehicle = control.enabled == .pilot || control.readBack == nil
        settle = isJudgedByVehicle ? max(control.settle, Self.vehicleReaction) : control.settle
    }

    /// A stop takes up to 6 s to open the contactor, a new limit up to 5 s to be signalled and 5 s
    /// to be followed (IEC 61851-1, table A.6).
    private static let vehicleReaction: Duration = .seconds(10)

    package var hasFault: Bool { contradictions >= timing.contradictionsToFault }

    package func hasCompetitor(at now: MonotonicInstant) -> Bool {
        foreignChanges.filter { $0.duration(to: now) < timing.foreignWindow }.count
            >= timing.foreignChangesToYield
    }

    // MARK: - What to write

    /// The command that is due now, without taking it.
    package func command(for goal: Goal, at now: MonotonicInstant) -> Command? {
        guard let command = wanted(for: goal, at: now) else { return nil }
        if let retryAt, now < retryAt { return nil }
        if command.isReduction { return command }
        return increaseHold.map { now < $0 } == true ? nil : command
    }

    /// When a wanted command may go that may not now; nil when nothing waits.
    package func wake(for goal: Goal, at now: MonotonicInstant) -> MonotonicInstant? {
        guard let command = wanted(for: goal, at: now) else { return nil }
        let hold = command.isReduction ? nil : increaseHold
        return [retryAt, hold].compactMap { $0 }.filter { $0 > now }.max()
    }

    private var increaseHold: MonotonicInstant? {
        lastIncrease?.advanced(by: max(timing.increaseInterval, control.minimumWriteInterval))
    }

    private func wanted(for goal: Goal, at now: MonotonicInstant) -> Command? {
        guard goal.limit > .zero else {
            return belief.isOn == false
                ? nil : Command(kind: .idle, limit: .zero, isReduction: true)
        }
        let mayRaise = goal.allowsIncrease && !hasCompetitor(at: now)
        if belief.isOn == false {
            return mayRaise ? Command(kind: .charge, limit: goal.limit, isReduction: false) : nil
        }
        guard let limit = belief.limit, limit <= goal.limit else {
            return Command(kind: .limit, limit: goal.limit, isReduction: true)
        }
        guard mayRaise, clamped != goal.limit else { return nil }
        if belief.isOn == nil {
            return Command(kind: .charge, limit: goal.limit, isReduction: false)
        }
        return isBelow(limit, goal.limit)
            ? Command(kind: .limit, limit: goal.limit, isReduction: false) : nil
    }

    /// Below by at least a step: less is the wallbox's rounding.
    private func isBelow(_ limit: Milliamperes, _ goal: Milliamperes) -> Bool {
        goal.rawValue - limit.rawValue >= max(control.step.rawValue, 1)
    }

    // MARK: - What happened

    /// The goal has changed: what was said of the old one says nothing of the new one.
    package mutating func goalChanged() {
        progress = .pending
        awaiting = nil
        clamped = nil
        retryAt = nil
    }

    /// Every write of a command was confirmed.
    package mutating func confirmed(_ command: Command, at now: TimePoint) {
        switch command.kind {
        case .charge: belief = SetpointBelief(isOn: true, limit: command.limit)
        case .limit: belief.limit = command.limit
        case .idle: belief.isOn = false
        }
        if !command.isReduction { lastIncrease = now.monotonic }
        awaiting = Awaiting(goal: command.limit, since: now.monotonic)
        shownExactly = nil
        retryAt = nil
        progress = .written(at: now)
    }

    /// A write of a command was answered with an exception that repeating does not cure now.
    package mutating func refused(
        _ command: Command, reason: String, at now: MonotonicInstant
    ) {
        progress = .refused(reason: reason)
        retryAt = now.advanced(
            by: command.isReduction ? timing.reductionRetry : timing.increaseRetry)
        if command.isReduction { contradictions = min(contradictions + 1, 1_000) }
    }

    /// The link was lost, or the device has started anew: nothing is known of it any more.
    package mutating func contactLost() {
        belief = SetpointBelief()
        awaiting = nil
        shownExactly = nil
        clamped = nil
        retryAt = nil
        progress = .pending
    }

    /// A poll has ended.
    ///
    /// - Parameters:
    ///   - found: What the poll shows.
    ///   - isDrawing: Whether energy flows: contradicts "off" where nothing else can be read.
    ///   - isWithinLimit: Whether the measured currents fit the goal.
    package mutating func polled(
        _ found: SetpointBelief, goal: Goal?, isDrawing: Bool, isWithinLimit: Bool,
        at now: TimePoint
    ) {
        guard let goal else {
            belief.merge(found)
            return
        }
        let evidence = Evidence(found: found, isDrawing: isDrawing, isWithinLimit: isWithinLimit)
        if awaiting != nil {
            judgeWrite(evidence, goal: goal, at: now)
        } else {
            judgeLevel(evidence, goal: goal, at: now)
        }
    }

    private struct Evidence {
        var found: SetpointBelief
        var isDrawing: Bool
        var isWithinLimit: Bool
    }

    private mutating func judgeWrite(_ evidence: Evidence, goal: Goal, at now: TimePoint) {
        guard var awaiting else { return }
        awaiting.polls += 1
        self.awaiting = awaiting
        let isSettled =
            awaiting.since.duration(to: now.monotonic) >= settle
            && awaiting.polls >= timing.pollsToJudge
        if let offered = offered(evidence, goal: goal, acceptsLess: isSettled) {
            verified(evidence.found, offered: offered, goal: goal, at: now)
            return
        }
        guard isSettled else { return }
        self.awaiting = nil
        contradicted(evidence.found, goal: goal, at: now)
    }

    private mutating func judgeLevel(_ evidence: Evidence, goal: Goal, at now: TimePoint) {
        if let offered = offered(
            evidence, goal: goal, acceptsLess: clamped == goal.limit || !goal.allowsIncrease)
        {
            verified(evidence.found, offered: offered, goal: goal, at: now)
            return
        }
        if shownExactly == goal.limit {
            foreignChanges.append(now.monotonic)
            if foreignChanges.count > 16 { foreignChanges.removeFirst() }
            shownExactly = nil
        }
        belief.merge(evidence.found)
        switch progress {
        case .verified, .written: progress = .pending
        case .pending, .refused, .contradicted: break
        }
    }

    private mutating func verified(
        _ found: SetpointBelief, offered: Milliamperes, goal: Goal, at now: TimePoint
    ) {
        belief.merge(found)
        awaiting = nil
        contradictions = 0
        let isExact = !isBelow(offered, goal.limit)
        shownExactly = isExact ? goal.limit : nil
        clamped = isExact || !goal.allowsIncrease ? nil : goal.limit
        progress = .verified(offered: offered, at: now)
    }

    private mutating func contradicted(
        _ found: SetpointBelief, goal: Goal, at now: TimePoint
    ) {
        belief.merge(found)
        let isOff = found.isOn == false
        progress = .contradicted(found: isOff ? .zero : found.limit ?? belief.limit ?? .zero)
        if goal.limit > .zero, isOff {
            // Not switched on is no danger: try again, seldom.
            retryAt = now.monotonic.advanced(by: timing.increaseRetry)
        } else {
            contradictions = min(contradictions + 1, 1_000)
            if goal.limit == .zero { belief.isOn = true }
        }
    }

    /// What the wallbox offers if the goal is in force; nil if it is not (yet).
    private func offered(
        _ evidence: Evidence, goal: Goal, acceptsLess: Bool
    ) -> Milliamperes? {
        let found = evidence.found
        let isOn = found.isOn ?? belief.isOn
        guard goal.limit > .zero else {
            if let isFoundOn = found.isOn { return isFoundOn ? nil : .zero }
            return belief.isOn == false && !evidence.isDrawing ? .zero : nil
        }
        if isOn == false { return goal.allowsIncrease ? nil : .zero }
        guard let limit = found.limit ?? belief.limit, limit <= goal.limit,
            evidence.isWithinLimit
        else { return nil }
        guard isOn == true || !goal.allowsIncrease else { return nil }
        return acceptsLess || !isBelow(limit, goal.limit) ? limit : nil
    }
}
