import ChargeModel
import DeviceProfiles

// What may be in force instead of the setpoint, and what ends that.
extension SetpointReconciler {
    /// A sign of life goes out.
    package mutating func beatBegan(at now: MonotonicInstant) {
        isBeatRising = isRaisedByBeat
        if isBeatRising { lastIncrease = now }
    }

    /// It was answered: what it has raised counts from now on.
    package mutating func beatEnded(at now: MonotonicInstant) {
        if isBeatRising { lastIncrease = now }
        isBeatRising = false
    }

    /// A failsafe current goes out that perhaps raises it; ``beatEnded(at:)`` follows.
    mutating func failsafeRises(at now: MonotonicInstant) {
        isBeatRising = true
        lastIncrease = now
    }

    /// Whether an increase is too short ago for another.
    func isHolding(at now: MonotonicInstant) -> Bool { increaseHold.map { now < $0 } == true }

    /// Whether so much is in force for sure by its setpoint.
    ///
    /// - Parameter needsCommand: Signs of life alone do not end a failsafe of this wallbox.
    func isInForce(_ limit: Milliamperes, needsCommand: Bool) -> Bool {
        guard fallenTo == nil, belief.isOn == true, isSwitchedOn || !needsCommand else {
            return false
        }
        return belief.limit.map { $0 >= limit } ?? false
    }

    /// Whether a sign of life may end a failsafe that holds lower than the setpoint.
    private var isRaisedByBeat: Bool {
        guard let fallenTo, belief.isOn != false else { return false }
        return belief.limit.map { $0 > fallenTo } ?? true
    }

    /// Until when no sign of life may raise what is in force (requirement R9).
    var beatHold: MonotonicInstant? {
        isRaisedByBeat ? lastSureIncrease?.advanced(by: timing.increaseInterval) : nil
    }

    /// Whether a sign of life may go: what it brings back is known, and wanted, and no increase is too
    /// short ago. What has fallen back already is no worse for the wait.
    package func mayBeat(
        for goal: Goal?, rewritesSetpoint: Bool = false, at now: MonotonicInstant
    ) -> Bool {
        guard rewritesSetpoint || isSetpointKnown else { return false }
        guard isRaisedByBeat else { return true }
        guard let goal, goal.allowsIncrease, beatHold.map({ now < $0 }) != true else {
            return false
        }
        return rewritesSetpoint || belief.limit.map { $0 <= goal.limit } ?? false
    }

    /// Whether a sign of life can bring back no limit that is above the goal: the setpoint register
    /// itself was read or written since contact.
    private var isSetpointKnown: Bool {
        isAsserted || control.readBack == control.setpoint || belief.isOn == false
            || before?.belief.isOn == false
    }
}
