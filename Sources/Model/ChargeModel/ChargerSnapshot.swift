/// What the driver knows of one wallbox at one moment.
package struct ChargerSnapshot: Hashable, Codable, Sendable {
    package var link: LinkState
    /// When the last complete poll ended; nil before the first.
    package var lastPoll: TimePoint?
    package var pilot: Reading<PilotState>
    /// Measured power of all phases together.
    package var power: Reading<Watts>
    /// Measured current of each phase, as many as the wallbox has.
    package var currents: [Reading<Milliamperes>]
    package var voltages: [Reading<Millivolts>]
    /// Energy since installation.
    package var energyTotal: Reading<WattHours>
    package var energySession: Reading<WattHours>
    /// The limit in force in the wallbox, 0 when it is switched off. Absent as `writeOnly` where the
    /// wallbox is switched on and its limit cannot be read.
    package var setpoint: Reading<Milliamperes>
    /// What the wallbox falls to by itself when it loses contact, as it shows it.
    package var failsafeCurrent: Reading<Milliamperes>
    /// The phases that the wallbox has switched through, 0 to 3.
    package var livePhases: Reading<Int>
    /// The phases that may carry current, where the agent switches them: as they were shown last; nil
    /// where nobody knows.
    package var switchedPhases: Int?
    /// The least of what the wallbox's own registers state as its maximum.
    package var hardwareMaximum: Reading<Milliamperes>
    /// The wallbox's own error code, 0 when it reports none.
    package var errorCode: Reading<Int>
    package var serial: Reading<String>
    package var firmware: Reading<String>
    package var application: TargetApplication
    /// What stands as long as it stands; worded for a person.
    package var conditions: [ChargerCondition]

    package init(phases: Int) {
        link = .connecting
        pilot = .absent(.notYetRead)
        power = .absent(.notYetRead)
        currents = Array(repeating: .absent(.notYetRead), count: phases)
        voltages = Array(repeating: .absent(.notYetRead), count: phases)
        energyTotal = .absent(.notYetRead)
        energySession = .absent(.notYetRead)
        setpoint = .absent(.notYetRead)
        failsafeCurrent = .absent(.notYetRead)
        livePhases = .absent(.notYetRead)
        hardwareMaximum = .absent(.notYetRead)
        errorCode = .absent(.notYetRead)
        serial = .absent(.notYetRead)
        firmware = .absent(.notYetRead)
        application = .none
        conditions = []
    }
}

/// Whether a wallbox answers.
package enum LinkState: Hashable, Codable, Sendable {
    /// No answer yet since start.
    case connecting
    case up
    /// It answered once and does not now, or never did and an attempt failed; `reason` is for people.
    case down(reason: String)
}

/// A standing condition of a charger that people and control have to know.
package enum ChargerCondition: Hashable, Codable, Sendable {
    /// Three writes in a row were contradicted by read-back: the charger is held at its safe current
    /// (requirement R8).
    case writesNotApplied
    /// Somebody else changed the setpoint three times within ten minutes: only reductions are
    /// written (requirement R8, `COMPETING_CONTROLLER`).
    case competingController
    /// The wallbox cannot be made to fall back to a safe current by itself when this agent dies, or
    /// falls upwards; `reason` says which (requirement R3). Permanent.
    case failsafeNotArmed(reason: String)
    /// The device at this address is not the one that the profile describes: nothing is written.
    case wrongDevice(reason: String)
    /// The station has another number of connectors than its profile says.
    case wrongConnectors(reason: String)
    /// What the wallbox has to be told after every contact was not taken; `reason` says why.
    case notPrepared(reason: String)
    /// The wallbox is set in watts, and fewer phases are counted than a vehicle may need to start.
    case phasesNotKnown(reason: String)
    /// The vehicle takes more than its limit, and is held at `heldAt` until it is unplugged; `reason`
    /// says so (requirement R10).
    case limitExceeded(heldAt: Milliamperes?, reason: String)
    /// Current flows though the wallbox has been off for 10 s (requirement R10).
    case currentAfterStop
    /// The vehicle did not resume, and was not woken up by six attempts (requirement R30).
    case vehicleAsleep
    /// What wears out flash memory is not written any more today, but for stops and reductions
    /// (requirement R11); `reason` names it.
    case writesHeldBack(reason: String)

    /// Charging pauses while the wallbox is switched between one phase and three.
    case switchingPhases(reason: String)
    /// The wallbox was not switched; `reason` says why, and what comes next (requirement R11).
    case phaseSwitchFailed(reason: String)

    /// The code under which logs and the event stream name it.
    package var code: String {
        switch self {
        case .writesNotApplied: "WRITES_NOT_APPLIED"
        case .competingController: "COMPETING_CONTROLLER"
        case .failsafeNotArmed: "FAILSAFE_NOT_ARMED"
        case .wrongDevice: "WRONG_DEVICE"
        case .wrongConnectors: "WRONG_CONNECTORS"
        case .notPrepared: "NOT_PREPARED"
        case .phasesNotKnown: "PHASES_NOT_KNOWN"
        case .limitExceeded: "LIMIT_EXCEEDED"
        case .currentAfterStop: "CURRENT_AFTER_STOP"
        case .vehicleAsleep: "VEHICLE_ASLEEP"
        case .writesHeldBack: "WRITES_HELD_BACK"
        case .switchingPhases: "SWITCHING_PHASES"
        case .phaseSwitchFailed: "PHASE_SWITCH_FAILED"
        }
    }

    package var message: String {
        switch self {
        case .writesNotApplied:
            "three writes in a row were not applied; held at the safe current"
        case .competingController:
            "another controller keeps changing the setpoint; only reductions are written"
        case .failsafeNotArmed(let reason): reason
        case .wrongDevice(let reason), .wrongConnectors(let reason): reason
        case .notPrepared(let reason): "the wallbox could not be prepared: \(reason)"
        case .phasesNotKnown(let reason): reason
        case .limitExceeded(_, let reason): reason
        case .currentAfterStop:
            "current flows though the wallbox is off: look at its contactor, and at its meter"
        case .vehicleAsleep:
            "the vehicle does not take the energy that is offered, also after six attempts to wake it"
        case .writesHeldBack(let reason): reason
        case .switchingPhases(let reason), .phaseSwitchFailed(let reason): reason
        }
    }
}
