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
/// > 0    off by pilot, told more -          limit, at once: it may switch on again by itself
/// > 0    on, above goal  -                  limit, at once
/// > 0    on, told more   -                  limit, at once: what holds it down may go
/// > 0    on, below goal  yes                limit, at most one increase per 5 s
/// > 0    limit unknown   -                  limit, at once: it counts as above
/// ```
/// What was written and confirmed is believed until a poll contradicts it: judged after the settle
/// time and two polls. From the first write of a command to its confirmation nothing is believed of
/// what it changes: a command that is given up half-way has done who knows what. Where the limit is
/// unknown and must not rise, it is first brought to what was last sent, to the minimum, or to 0. What
/// may have fallen back counts as fallen back where it must not rise. Source: requirements R8, R9, R12.
package struct SetpointReconciler: Hashable, Codable, Sendable {
    let control: ControlTraits
    let timing: DriverTiming
    /// How long after a write the wallbox may still show or do the old thing.
    let settle: Duration
    /// Whether a limit undoes a stop, so that it switches on by itself.
    private let limitSwitchesOn: Bool

    package internal(set) var belief = SetpointBelief()
    package internal(set) var progress: Progress = .pending
    var awaiting: Awaiting?
    /// The goal that a poll has shown to be in force exactly.
    var shownExactly: Milliamperes?
    /// A goal of which the wallbox offers less, for reasons of its own; not written again.
    var clamped: Milliamperes?
    var contradictions = 0
    var foreignChanges: [MonotonicInstant] = []
    var increaseRetryAt: MonotonicInstant?
    private var reductionRetryAt: MonotonicInstant?
    var lastIncrease: MonotonicInstant?
    /// The last increase of a wallbox that had surely not fallen back: the end of a failsafe after it is
    /// another one. Of one that may have, it is the same.
    var lastSureIncrease: MonotonicInstant?
    /// The limit that was last put on the wire, whatever became of it; 0 for idle.
    private var lastSent: Milliamperes?
    /// The least that was sent since a command was confirmed: any of what was not may be in force.
    private var leastSent: Milliamperes?
    /// Whether the setpoint register holds what was written since contact.
    private(set) var isAsserted = false
    /// Whether it was switched on by a command since contact.
    var isSwitchedOn = false
    /// What stood before the command under way; nil while none is.
    var before: Before?
    /// Whether the last command that went out and was not confirmed may have raised the wallbox.
    private var isRising = false
    /// The same of a sign of life, or of a failsafe current.
    var isBeatRising = false
    /// What may be in force instead of the setpoint, as long as nothing has ended a failsafe for sure.
    package var fallenTo: Milliamperes?

    struct Before: Hashable, Codable, Sendable {
        var belief: SetpointBelief
        var lastSent: Milliamperes?
    }

    /// How far the goal has come.
    package enum Progress: Hashable, Codable, Sendable {
        case pending
        case written(at: TimePoint)
        case verified(offered: Milliamperes, at: TimePoint)
        case refused(reason: String)
        case contradicted(found: Milliamperes)
    }

    /// A confirmed write that no poll has shown yet.
    struct Awaiting: Hashable, Codable, Sendable {
        var goal: Milliamperes
        var since: MonotonicInstant
        var polls = 0
    }

    /// What to bring the wallbox to.
    package struct Goal: Hashable, Codable, Sendable {
        package var limit: Milliamperes
        package var allowsIncrease: Bool
        /// The phases that share the limit, where the wallbox is set in watts: with another number
        /// of them the same limit is another power.
        package var phases: Int

        package init(limit: Milliamperes, allowsIncrease: Bool, phases: Int = 1) {
            self.limit = limit
            self.allowsIncrease = allowsIncrease
            self.phases = phases
        }
    }

    /// A command that brings the wallbox nearer to the goal.
    package struct Command: Hashable, Codable, Sendable {
        package var kind: Kind
        package var limit: Milliamperes
        /// A reduction goes before everything else and never waits.
        package var isReduction: Bool
        /// A safe stop on the way: the goal needs another command after it.
        package var isProvisional = false

        package enum Kind: Hashable, Codable, Sendable {
            case charge, limit, idle
        }
    }

    package init(control: ControlTraits, timing: DriverTiming) {
        self.control = control
        self.timing = timing
        let isJudgedByVehicle =
            control.enabled == .pilot || control.enabled == .memory || control.readBack == nil
        settle = isJudgedByVehicle ? max(control.settle, Self.vehicleReaction) : control.settle
        let stops = control.idle.flatMap(\.written)
        let limits = control.limit.flatMap(\.written)
        limitSwitchesOn =
            control.enabled == .readBack || control.enabled == .memory
            || stops.allSatisfy { limits.contains($0) }
    }

    /// A stop takes up to 6 s to open the contactor, a new limit up to 5 s to be signalled and 5 s
    /// to be followed (IEC 61851-1, table A.6).
    static let vehicleReaction: Duration = .seconds(10)

    package var hasFault: Bool { contradictions >= timing.contradictionsToFault }

    package func hasCompetitor(at now: MonotonicInstant) -> Bool {
        foreignChanges.filter { $0.duration(to: now) < timing.foreignWindow }.count
            >= timing.foreignChangesToYield
    }

    // MARK: - What to write

    /// The command that is due now, without taking it.
    package func command(for goal: Goal, at now: MonotonicInstant) -> Command? {
        guard let command = wanted(for: goal, at: now) else { return nil }
        return waitingTime(of: command).map { now < $0 } == true ? nil : command
    }

    /// When a wanted command may go that may not now; nil when nothing waits.
    package func wake(for goal: Goal, at now: MonotonicInstant) -> MonotonicInstant? {
        guard let command = wanted(for: goal, at: now), let wait = waitingTime(of: command) else {
            return nil
        }
        return wait > now ? wait : nil
    }

    private func waitingTime(of command: Command) -> MonotonicInstant? {
        guard !command.isReduction else { return reductionRetryAt }
        return [increaseRetryAt, increaseHold].compactMap { $0 }.max()
    }

    var increaseHold: MonotonicInstant? {
        lastIncrease?.advanced(by: max(timing.increaseInterval, control.minimumWriteInterval))
    }

    private func wanted(for goal: Goal, at now: MonotonicInstant) -> Command? {
        let mayRaise = goal.allowsIncrease && !hasCompetitor(at: now)
        guard !mayRaise, let fallenTo, fallenTo < goal.limit else {
            return wanted(for: goal, mayRaise: mayRaise, at: now)
        }
        // What ends the failsafe brings back no more than it holds at.
        var held = goal
        held.limit = fallenTo >= control.minimum ? fallenTo : .zero
        var command = wanted(for: held, mayRaise: false, at: now)
        command?.isProvisional = true
        return command
    }

    private func wanted(
        for goal: Goal, mayRaise: Bool, at now: MonotonicInstant
    ) -> Command? {
        guard goal.limit > .zero else {
            return isOff ? nil : Command(kind: .idle, limit: .zero, isReduction: true)
        }
        if belief.isOn == false {
            // Behind a pilot that offers nothing for other reasons stands what it was told.
            if !isOff, let most = mostToCome, most > goal.limit {
                return Command(kind: .limit, limit: goal.limit, isReduction: true)
            }
            return mayRaise ? Command(kind: .charge, limit: goal.limit, isReduction: false) : nil
        }
        guard let limit = belief.limit, limit >= control.minimum else {
            let isHeld = [increaseHold, increaseRetryAt].contains { $0.map { now < $0 } == true }
            return reduction(of: goal, mayRaise: mayRaise && !isHeld)
        }
        if let most = mostToCome, most > goal.limit {
            return Command(kind: .limit, limit: goal.limit, isReduction: true)
        }
        if !isAsserted, control.readBack != control.setpoint {
            // What is in force may be the failsafe; the register behind it may hold more.
            return Command(
                kind: .limit, limit: limit, isReduction: true,
                isProvisional: isBelow(limit, goal.limit))
        }
        guard mayRaise, clamped != goal.limit else { return nil }
        if belief.isOn == nil || (isSeenByPilot && !isSwitchedOn) {
            // What only the pilot tells may be the failsafe, which ends when all is written anew.
            return Command(kind: .charge, limit: goal.limit, isReduction: false)
        }
        return isBelow(limit, goal.limit)
            ? Command(kind: .limit, limit: goal.limit, isReduction: false) : nil
    }

    /// The most that may come into force without another write: what is shown may be held down by
    /// something that goes, such as a cable, and then what was told counts.
    private var mostToCome: Milliamperes? {
        guard let limit = belief.limit, let lastSent else { return belief.limit ?? lastSent }
        return max(limit, lastSent)
    }

    var isSeenByPilot: Bool {
        control.enabled == .pilot || control.enabled == .memory
    }

    /// Whether it is switched off for sure. A pilot that offers nothing may have other reasons, such as an
    /// authorisation that is yet to come, as long as the last thing that it was told is to charge.
    private var isOff: Bool {
        belief.isOn == false && (control.enabled != .pilot || isStopped)
    }

    /// Whether it is believed to be off, and was told nothing else.
    var isStopped: Bool { belief.isOn == false && (lastSent ?? .zero) == .zero }

    /// What to do about a limit that is unknown, or in force below the minimum: it counts as above
    /// the goal, and yet writing the goal may raise it. Where that is not allowed now, no more is
    /// written than is in force or was last sent; where neither is known, nothing but the minimum is
    /// sure not to raise what is on, and nothing but 0 what may be off, where a limit switches on.
    private func reduction(of goal: Goal, mayRaise: Bool) -> Command {
        var limit = goal.limit
        if !mayRaise {
            let isSafe = belief.isOn == true || !limitSwitchesOn
            let unsent = isSafe ? control.minimum : .zero
            limit = min(limit, belief.limit ?? lastSent ?? unsent)
        }
        let isProvisional = limit < goal.limit
        guard limit >= control.minimum else {
            return Command(
                kind: .idle, limit: .zero, isReduction: true, isProvisional: isProvisional)
        }
        return Command(
            kind: .limit, limit: limit, isReduction: true, isProvisional: isProvisional)
    }

    /// Below by at least a step: less is the wallbox's rounding.
    func isBelow(_ limit: Milliamperes, _ goal: Milliamperes) -> Bool {
        goal.rawValue - limit.rawValue >= max(control.step.rawValue, 1)
    }

    // MARK: - What happened

    /// The goal has changed: what was said of the old one says nothing of the new one.
    package mutating func goalChanged() {
        progress = .pending
        awaiting = nil
        clamped = nil
        increaseRetryAt = nil
        reductionRetryAt = nil
        before = nil
    }

    /// Other phases share what is set in watts: each of them gets more or less with the same power.
    package mutating func phasesChanged(_ convert: (Milliamperes) -> Milliamperes) {
        belief.limit = belief.limit.map(convert)
        lastSent = lastSent.map(convert)
        before = before.map { before in
            Before(
                belief: SetpointBelief(
                    isOn: before.belief.isOn, limit: before.belief.limit.map(convert)),
                lastSent: before.lastSent.map(convert))
        }
        shownExactly = nil
    }

    /// The same goal is asked for anew: what was refused or contradicted is tried again at once, and
    /// what was verified is looked at once more.
    package mutating func askedAgain() {
        increaseRetryAt = nil
        reductionRetryAt = nil
        switch progress {
        case .refused, .contradicted, .verified: progress = .pending
        case .pending, .written: break
        }
    }

    /// The first write of a command goes out.
    package mutating func began(_ command: Command, at now: MonotonicInstant) {
        before = Before(belief: belief, lastSent: lastSent)
        switch command.kind {
        case .charge: belief = SetpointBelief()
        case .limit: belief.limit = nil
        case .idle: belief.isOn = nil
        }
        let lowest = [before?.belief.limit, lastSent, leastSent].compactMap { $0 }.min()
        isRising = !command.isReduction || lowest.map { command.limit > $0 } ?? false
        // Where more than the limit ends the failsafe, the command that does so follows, and counts.
        if !isSeenByPilot, let fallenTo, command.limit > fallenTo { isRising = true }
        if isRising {
            lastIncrease = now
            if fallenTo == nil { lastSureIncrease = now }
        }
        lastSent = command.limit
        leastSent = min(leastSent ?? command.limit, command.limit)
    }

    /// One write of a command was confirmed: an increase counts from its last one.
    package mutating func stepConfirmed(at now: MonotonicInstant) {
        guard isRising else { return }
        if lastSureIncrease == lastIncrease { lastSureIncrease = now }
        lastIncrease = now
    }

    /// Every write of a command was confirmed.
    package mutating func confirmed(_ command: Command, at now: TimePoint) {
        switch command.kind {
        case .charge: belief = SetpointBelief(isOn: true, limit: command.limit)
        case .limit:
            belief.limit = command.limit
            if control.enabled == .readBack { belief.isOn = true }
        case .idle: belief.isOn = false
        }
        if command.kind != .idle { isAsserted = true }
        if command.kind == .charge { isSwitchedOn = true }
        before = nil
        isRising = false
        leastSent = nil
        shownExactly = nil
        reductionRetryAt = nil
        if command.isProvisional {
            awaiting = nil
            // What led here is still what there is to say of the goal, and when it is tried again.
            if case .refused = progress { return }
            increaseRetryAt = nil
            progress = .pending
        } else {
            increaseRetryAt = nil
            awaiting = Awaiting(goal: command.limit, since: now.monotonic)
            progress = .written(at: now)
        }
    }

    /// A write of a command was answered with an exception that repeating does not cure now.
    ///
    /// - Parameters:
    ///   - isUntouched: Whether nothing was written before: then nothing has changed.
    ///   - isLimitUntouched: Whether at least the limit was not written.
    package mutating func refused(
        _ command: Command, isUntouched: Bool, isLimitUntouched: Bool = false, reason: String,
        at now: MonotonicInstant
    ) {
        if isUntouched, let before {
            belief = before.belief
            lastSent = before.lastSent
        } else if isLimitUntouched, let before {
            belief.limit = before.belief.limit
            lastSent = before.lastSent
        }
        before = nil
        progress = .refused(reason: reason)
        if command.isReduction {
            reductionRetryAt = now.advanced(by: timing.reductionRetry)
            contradictions = min(contradictions + 1, 1_000)
        } else {
            increaseRetryAt = now.advanced(by: timing.increaseRetry)
        }
    }

    /// The link was lost, or the device has started anew: nothing is known of it any more. What was
    /// last sent, and when, still counts.
    package mutating func contactLost(at now: MonotonicInstant) {
        if isRising || isBeatRising { lastIncrease = now }
        isRising = false
        isBeatRising = false
        fallenTo = nil
        belief = SetpointBelief()
        before = nil
        isAsserted = false
        isSwitchedOn = false
        awaiting = nil
        shownExactly = nil
        clamped = nil
        increaseRetryAt = nil
        reductionRetryAt = nil
        progress = .pending
    }
}
