import ChargeModel

// What the standing conditions of a wallbox mean for control.
extension ChargerCondition {
    /// Whether what is read is not the wallbox's.
    var isForeign: Bool {
        if case .wrongDevice = self { true } else { false }
    }

    /// What the driver holds the charger at by itself; nil where it does not.
    var heldAt: Milliamperes? {
        if case .limitExceeded(let heldAt, _) = self { heldAt } else { nil }
    }

    /// Whether this condition limits the charger to its safe current (requirement R8).
    package var holdsAtSafeCurrent: Bool {
        switch self {
        case .writesNotApplied, .wrongDevice, .limitExceeded, .currentAfterStop: true
        case .competingController, .failsafeNotArmed, .wrongConnectors, .notPrepared,
            .phasesNotKnown, .vehicleAsleep, .writesHeldBack, .switchingPhases,
            .phaseSwitchFailed:
            false
        }
    }
}
