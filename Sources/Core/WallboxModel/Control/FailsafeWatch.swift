import ChargeModel
import DeviceProfiles

// state    | heartbeat      | timeout passes | setpoint written | on/off written | timeout := 0
// watching | deadline moves | active         | -                | -              | deadline goes
// active   | watching, if recovery is by heartbeat | - | watching, if by setpoint, or if by both
//          |                |                |   and the other has come | likewise | watching
// A wallbox falls back only once it has a timeout above 0.

/// Watches whether anybody talks to the wallbox, and remembers that nobody did.
struct FailsafeWatch: Hashable, Sendable {
    let recovery: FailsafeRecovery
    /// Whether there is an on/off register that must be written to recover.
    private let hasSwitches: Bool
    /// Whether the wallbox has a failsafe at all.
    private let exists: Bool
    /// The current that it falls to where the direction is down.
    var current: Milliamperes
    private(set) var timeout: Duration
    private(set) var lastContact: MonotonicInstant
    private(set) var activations = 0
    private var state = State.watching

    private enum State: Hashable {
        case watching
        case active(hasSetpoint: Bool, hasEnable: Bool)
    }

    init(
        exists: Bool, hasSwitches: Bool, recovery: FailsafeRecovery, current: Milliamperes,
        timeout: Duration, at now: MonotonicInstant
    ) {
        self.exists = exists
        self.hasSwitches = hasSwitches
        self.recovery = recovery
        self.current = current
        self.timeout = timeout
        lastContact = now
    }

    var isActive: Bool { state != .watching }

    /// When it falls back unless somebody talks to it.
    var deadline: MonotonicInstant? {
        guard exists, !isActive, timeout > .zero else { return nil }
        return lastContact.advanced(by: timeout)
    }

    /// What is left until ``deadline``, 0 once it has passed.
    func remaining(at now: MonotonicInstant) -> Duration {
        max(.zero, now.duration(to: lastContact.advanced(by: timeout)))
    }

    /// Falls back when the deadline has passed.
    mutating func tick(at now: MonotonicInstant) {
        guard let deadline, deadline <= now else { return }
        state = .active(hasSetpoint: false, hasEnable: !hasSwitches)
        activations += 1
    }

    mutating func heartbeat(at now: MonotonicInstant) {
        lastContact = now
        if recovery == .heartbeat { state = .watching }
    }

    mutating func setpointWritten(at now: MonotonicInstant) {
        guard case .active(_, let hasEnable) = state else { return }
        recover(hasSetpoint: true, hasEnable: hasEnable, at: now)
    }

    mutating func enableWritten(at now: MonotonicInstant) {
        guard case .active(let hasSetpoint, _) = state else { return }
        recover(hasSetpoint: hasSetpoint, hasEnable: true, at: now)
    }

    /// A new timeout counts from now.
    mutating func setTimeout(_ timeout: Duration, at now: MonotonicInstant) {
        self.timeout = timeout
        if !isActive || timeout == .zero { lastContact = now }
        if timeout == .zero { state = .watching }
    }

    /// Keeps counting from what it was before a restart.
    mutating func carryOver(activations: Int) {
        self.activations = activations
    }

    private mutating func recover(
        hasSetpoint: Bool, hasEnable: Bool, at now: MonotonicInstant
    ) {
        let isOver =
            switch recovery {
            case .heartbeat: false
            case .setpoint: hasSetpoint
            case .setpointAndEnable: hasSetpoint && hasEnable
            }
        guard isOver else {
            state = .active(hasSetpoint: hasSetpoint, hasEnable: hasEnable)
            return
        }
        state = .watching
        lastContact = now
    }
}
