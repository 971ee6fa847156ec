import ChargeModel
import DeviceProfiles

// What a poll says of the goal.
extension SetpointReconciler {
    /// A poll has ended.
    ///
    /// - Parameters:
    ///   - found: What the poll shows.
    ///   - isDrawing: Whether energy flows: contradicts "off" where nothing else can be read.
    ///   - isWithinLimit: Whether the measured currents fit the goal.
    ///   - isLimitRead: Whether the limit in force was read; else the vehicle has to follow first.
    package mutating func polled(
        _ found: SetpointBelief, goal: Goal?, isDrawing: Bool, isWithinLimit: Bool,
        isLimitRead: Bool = true, at now: TimePoint
    ) {
        // What is read while a command is under way may be older than the command's first writes.
        guard before == nil else { return }
        let found = doubted(found)
        guard let goal else {
            belief.merge(found)
            return
        }
        let evidence = Evidence(
            found: found, isDrawing: isDrawing, isWithinLimit: isWithinLimit,
            settle: isLimitRead ? settle : max(settle, Self.vehicleReaction))
        if awaiting != nil {
            judgeWrite(evidence, goal: goal, at: now)
        } else {
            judgeLevel(evidence, goal: goal, at: now)
        }
    }

    /// What no register tells was believed to be off, and shows that somebody else has told it something,
    /// or that it has started anew: one that draws may do so with any limit, unless that is read, and one
    /// that shows another limit than it was told may be on.
    private mutating func doubted(_ found: SetpointBelief) -> SetpointBelief {
        guard isSeenByPilot, isStopped, awaiting == nil else { return found }
        guard found.isOn != true else {
            if found.limit == nil { belief.limit = nil }
            return found
        }
        guard let limit = found.limit, let told = belief.limit, limit != told else { return found }
        belief.isOn = nil
        return SetpointBelief(isOn: nil, limit: limit)
    }

    private struct Evidence {
        var found: SetpointBelief
        var isDrawing: Bool
        var isWithinLimit: Bool
        var settle: Duration
    }

    private mutating func judgeWrite(_ evidence: Evidence, goal: Goal, at now: TimePoint) {
        guard var awaiting else { return }
        awaiting.polls += 1
        self.awaiting = awaiting
        let isSettled =
            awaiting.since.duration(to: now.monotonic) >= evidence.settle
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
        if shownExactly == goal.limit, evidence.isWithinLimit {
            // Somebody else has written, since the wallbox did obey.
            foreignChanges.append(now.monotonic)
            if foreignChanges.count > 16 { foreignChanges.removeFirst() }
            shownExactly = nil
        }
        belief.merge(evidence.found)
        if !evidence.isWithinLimit, evidence.found.limit == nil { belief.limit = nil }
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
        let isOff =
            found.isOn == false || found.limit.map { $0 < control.minimum } == true
        progress = .contradicted(found: isOff ? .zero : found.limit ?? belief.limit ?? .zero)
        if goal.limit > .zero, isOff {
            // Not switched on is no danger: try again, seldom.
            increaseRetryAt = now.monotonic.advanced(by: timing.increaseRetry)
        } else {
            contradictions = min(contradictions + 1, 1_000)
            if goal.limit == .zero {
                belief.isOn = true
            } else if found.limit == nil {
                belief.limit = nil
            }
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
        // Below the minimum nothing is offered, whatever the switch says.
        if limit < control.minimum { return goal.allowsIncrease ? nil : .zero }
        return acceptsLess || !isBelow(limit, goal.limit) ? limit : nil
    }
}
