import ChargeModel

/// The pulse width of the control pilot, as the current that it offers to the vehicle.
///
/// It changes at most every 5 s, is switched off at once, and stays off for 3 s at least (facts:
/// EVerest `IEC_PWM_MAX_UPDATE_INTERVAL` and `t_step_X1`).
struct PilotSignal: Hashable, Sendable {
    /// The current on offer; 0 while the signal is off (duty 100 %).
    private(set) var offered = Milliamperes.zero
    /// nil when the next change need not wait: nothing has been signalled to this vehicle.
    private var changedAt: MonotonicInstant?

    static let leastTimeBetweenChanges = Duration.seconds(5)
    static let leastTimeOff = Duration.seconds(3)

    /// When the signal may become `wish`; nil when it is that already.
    func due(for wish: Milliamperes, now: MonotonicInstant) -> MonotonicInstant? {
        guard wish != offered else { return nil }
        guard wish > .zero, let changedAt else { return now }
        let rest = offered > .zero ? Self.leastTimeBetweenChanges : Self.leastTimeOff
        return max(now, changedAt.advanced(by: rest))
    }

    mutating func offer(_ current: Milliamperes, at now: MonotonicInstant) {
        offered = current
        changedAt = now
    }

    /// No vehicle looks at the signal any more.
    mutating func release() {
        offered = .zero
        changedAt = nil
    }
}
