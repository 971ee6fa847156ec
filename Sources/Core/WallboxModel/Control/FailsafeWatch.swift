import ChargeModel
import DeviceProfiles

// state    | sign of life   | timeout passes | setpoint written | on/off written | off or disarmed
// watching | deadline moves | active         | -                | -              | deadline goes
// active   | watching, if recovery is by heartbeat and all kinds have come | - | watching, if by
//          |                |                |   setpoint, or if by both and the other has come |
//          |                |                |                  | likewise       | watching
// A wallbox falls back only once it has a timeout above 0 and is armed. Where it wants several signs
// of life, the one that has been missing for longest counts.

/// Watches whether anybody talks to the wallbox, and remembers that nobody did.
struct FailsafeWatch: Hashable, Sendable {
    let recovery: FailsafeRecovery
    /// Whether there is an on/off register that must be written to recover.
    private let hasSwitches: Bool
    /// What it falls to where the direction is down, in the unit of its setpoint.
    var current: Int
    private(set) var timeout: Duration
    private(set) var isArmed: Bool
    /// The last of each sign of life that it wants; empty where it watches for none.
    private var contacts: [MonotonicInstant]
    private let start: MonotonicInstant
    private(set) var activations = 0
    private var state = State.watching

    private enum State: Hashable {
        case watching
        case active(hasSetpoint: Bool, hasEnable: Bool, beats: [Bool])
    }

    /// - Parameter signs: How many signs of life it wants; 0 for a wallbox without a failsafe.
    init(
        signs: Int, hasSwitches: Bool, recovery: FailsafeRecovery, current: Int,
        timeout: Duration, isArmed: Bool, at now: MonotonicInstant
    ) {
        self.hasSwitches = hasSwitches
        self.recovery = recovery
        self.current = current
        self.timeout = timeout
        self.isArmed = isArmed
        contacts = Array(repeating: now, count: signs)
        start = now
    }

    var isActive: Bool { state != .watching }

    /// The oldest of the signs of life that it goes by.
    var lastContact: MonotonicInstant { contacts.min() ?? start }

    /// When it falls back unless somebody talks to it.
    var deadline: MonotonicInstant? {
        guard !contacts.isEmpty, isArmed, !isActive, timeout > .zero else { return nil }
        return lastContact.advanced(by: timeout)
    }

    /// What is left until ``deadline``, 0 once it has passed.
    func remaining(at now: MonotonicInstant) -> Duration {
        max(.zero, now.duration(to: lastContact.advanced(by: timeout)))
    }

    /// Falls back when the deadline has passed.
    mutating func tick(at now: MonotonicInstant) {
        guard let deadline, deadline <= now else { return }
        state = .active(
            hasSetpoint: false, hasEnable: !hasSwitches,
            beats: Array(repeating: false, count: contacts.count))
        activations += 1
    }

    /// One of the signs of life has come.
    mutating func heartbeat(_ sign: Int, at now: MonotonicInstant) {
        contacts[sign] = now
        guard recovery == .heartbeat,
            case .active(let hasSetpoint, let hasEnable, var beats) = state
        else { return }
        beats[sign] = true
        state =
            beats.contains(false)
            ? .active(hasSetpoint: hasSetpoint, hasEnable: hasEnable, beats: beats) : .watching
    }

    mutating func setpointWritten(at now: MonotonicInstant) {
        guard case .active(_, let hasEnable, let beats) = state else { return }
        recover(hasSetpoint: true, hasEnable: hasEnable, beats, at: now)
    }

    mutating func enableWritten(at now: MonotonicInstant) {
        guard case .active(let hasSetpoint, _, let beats) = state else { return }
        recover(hasSetpoint: hasSetpoint, hasEnable: true, beats, at: now)
    }

    /// A new timeout counts from now.
    mutating func setTimeout(_ timeout: Duration, at now: MonotonicInstant) {
        self.timeout = timeout
        if !isActive || timeout == .zero { count(from: now) }
        if timeout == .zero { state = .watching }
    }

    /// It is switched on or off by a register of its own.
    mutating func setArmed(_ isArmed: Bool, at now: MonotonicInstant) {
        guard isArmed != self.isArmed else { return }
        self.isArmed = isArmed
        count(from: now)
        if !isArmed { state = .watching }
    }

    /// Keeps counting from what it was before a restart.
    mutating func carryOver(activations: Int) {
        self.activations = activations
    }

    private mutating func count(from now: MonotonicInstant) {
        contacts = contacts.map { _ in now }
    }

    private mutating func recover(
        hasSetpoint: Bool, hasEnable: Bool, _ beats: [Bool], at now: MonotonicInstant
    ) {
        let isOver =
            switch recovery {
            case .heartbeat: false
            case .setpoint: hasSetpoint
            case .setpointAndEnable: hasSetpoint && hasEnable
            }
        guard isOver else {
            state = .active(hasSetpoint: hasSetpoint, hasEnable: hasEnable, beats: beats)
            return
        }
        state = .watching
        count(from: now)
    }
}
