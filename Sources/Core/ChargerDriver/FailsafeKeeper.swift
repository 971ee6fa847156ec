import ChargeModel
import DeviceProfiles

/// Keeps the wallbox's own failsafe armed and verified: what it falls to when this agent dies
/// (requirement R3). Compares levels: what is wanted, what was confirmed, what was read back.
struct FailsafeKeeper: Hashable, Sendable {
    private let failsafe: Failsafe?
    private let safeCurrent: Milliamperes
    private let minimum: Milliamperes
    private let attemptsAllowed: Int
    private var current = Level()
    private var timeout = Level()
    private var retryAt: MonotonicInstant?

    /// One value that is to stand in the wallbox.
    private struct Level: Hashable, Sendable {
        /// Written and confirmed since contact.
        var confirmed: Int?
        /// Read since contact, and since the last write.
        var shown: Int?
        var attempts = 0
    }

    /// A write that is due, in the canonical unit of its register.
    struct Write: Hashable, Sendable {
        var register: RegisterID
        var value: Int
        var isCurrent: Bool
    }

    /// How long a failsafe that would not be armed is left alone.
    private static let retry: Duration = .seconds(60)

    init(
        _ failsafe: Failsafe?, safeCurrent: Milliamperes, minimum: Milliamperes,
        attemptsAllowed: Int
    ) {
        self.failsafe = failsafe
        self.safeCurrent = safeCurrent
        self.minimum = minimum
        self.attemptsAllowed = attemptsAllowed
    }

    /// The current to fall to: min(safe current, target), and 0 while idle where it can be.
    func wanted(goal: Milliamperes?) -> Milliamperes {
        guard let failsafe else { return .zero }
        let wanted = min(safeCurrent, goal ?? safeCurrent)
        return wanted >= minimum || failsafe.acceptsZero ? wanted : minimum
    }

    func write(goal: Milliamperes?, at now: MonotonicInstant) -> Write? {
        guard let failsafe else { return nil }
        if let retryAt, now < retryAt { return nil }
        if let register = failsafe.current, isDue(current, wanted(goal: goal).rawValue) {
            return Write(
                register: register, value: wanted(goal: goal).rawValue, isCurrent: true)
        }
        let milliseconds = Int(failsafe.timeoutValue.milliseconds)
        if let register = failsafe.timeout, isDue(timeout, milliseconds) {
            return Write(register: register, value: milliseconds, isCurrent: false)
        }
        return nil
    }

    private func isDue(_ level: Level, _ wanted: Int) -> Bool {
        if let shown = level.shown { return shown != wanted }
        return level.confirmed != wanted
    }

    /// Registers to read after a write, so that it is verified.
    var readBack: [RegisterID] {
        [failsafe?.currentReadBack, failsafe?.timeoutReadBack].compactMap { $0 }
    }

    mutating func confirmed(_ write: Write) {
        update(write) { level in
            level.confirmed = write.value
            level.shown = nil
            level.attempts += 1
        }
    }

    mutating func refused(_ write: Write, at now: MonotonicInstant) {
        update(write) { $0.attempts += 1 }
        retryAt = now.advanced(by: Self.retry)
    }

    /// A block with read-back registers was read.
    mutating func polled(_ values: RegisterValues, goal: Milliamperes?, at now: MonotonicInstant) {
        current.shown = failsafe?.currentReadBack.flatMap { values[$0]?.canonical }
        timeout.shown = failsafe?.timeoutReadBack.flatMap { values[$0]?.canonical }
        let isArmed =
            !isDue(current, wanted(goal: goal).rawValue)
            && !isDue(timeout, Int(failsafe?.timeoutValue.milliseconds ?? 0))
        if isArmed {
            current.attempts = 0
            timeout.attempts = 0
        } else if max(current.attempts, timeout.attempts) >= attemptsAllowed, retryAt == nil {
            retryAt = now.advanced(by: Self.retry)
        }
        if let retryAt, now >= retryAt { self.retryAt = nil }
    }

    mutating func contactLost() {
        current = Level()
        timeout = Level()
        retryAt = nil
    }

    private mutating func update(_ write: Write, _ change: (inout Level) -> Void) {
        if write.isCurrent { change(&current) } else { change(&timeout) }
    }

    // MARK: - Warnings

    /// Why the wallbox does not fall to a safe current by itself; nil when it does.
    func warning(goal: Milliamperes?) -> String? {
        guard let failsafe else {
            return "this wallbox has no failsafe that is known: without the agent it keeps its limit"
        }
        switch failsafe.direction {
        case .up: return "without the agent this wallbox rises to its own maximum"
        case .hold: return "without the agent this wallbox keeps its last limit"
        case .stop: return nil
        case .down: break
        }
        if max(current.attempts, timeout.attempts) >= attemptsAllowed {
            return "the failsafe could not be armed: the wallbox does not show what was written"
        }
        if failsafe.current == nil {
            guard let shown = current.shown, shown > safeCurrent.rawValue else { return nil }
            return """
                without the agent this wallbox falls to \(Milliamperes(shown)), above safe-current \
                \(safeCurrent); lower it in the wallbox's own settings
                """
        }
        if wanted(goal: goal) > min(safeCurrent, goal ?? safeCurrent) {
            return """
                without the agent this wallbox rises to \(wanted(goal: goal)): its failsafe current \
                takes no 0
                """
        }
        return nil
    }
}
