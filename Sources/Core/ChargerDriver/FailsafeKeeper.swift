import ChargeModel
import DeviceProfiles

/// Keeps the wallbox's own failsafe armed and verified: what it falls to when this agent dies
/// (requirement R3). Compares levels: what is wanted, what was confirmed, what was read back.
struct FailsafeKeeper: Hashable, Sendable {
    private let failsafe: Failsafe?
    private let safeCurrent: Milliamperes
    private let minimum: Milliamperes
    private let attemptsAllowed: Int
    /// The registers that take the two values; nil where they cannot be set.
    private let currentRegister: Register?
    private let timeoutRegister: Register?
    private var current = Level()
    private var timeout = Level()
    private var retryAt: MonotonicInstant?

    /// One value that is to stand in the wallbox.
    private struct Level: Hashable, Sendable {
        /// Written and confirmed since contact.
        var confirmed: Int?
        /// Read since contact, and since the last write.
        var shown: Int?
        /// Writes since it was last shown as wanted.
        var attempts = 0

        mutating func show(_ value: Int?, wanted: Int) {
            shown = value
            if value == wanted { attempts = 0 }
        }
    }

    /// A write that is due, in the canonical unit of its register.
    struct Write: Hashable, Sendable {
        var register: RegisterID
        var value: Int
        var isCurrent: Bool
    }

    /// How long a failsafe that would not be armed is left alone.
    private static let retry: Duration = .seconds(60)
    /// How long it is left alone after a refusal that may pass.
    private static let earlyRetry: Duration = .seconds(5)

    init(_ profile: DeviceProfile, safeCurrent: Milliamperes, attemptsAllowed: Int) {
        failsafe = profile.failsafe
        self.safeCurrent = safeCurrent
        minimum = profile.control.minimum
        self.attemptsAllowed = attemptsAllowed
        currentRegister = profile.failsafe?.current.map { profile[$0] }
        timeoutRegister = profile.failsafe?.timeout.map { profile[$0] }
    }

    /// The current to fall to: min(safe current, target), and 0 while idle where it can be.
    func wanted(goal: Milliamperes?) -> Milliamperes {
        guard let failsafe else { return .zero }
        let wanted = min(safeCurrent, goal ?? safeCurrent)
        let taken = wanted >= minimum || failsafe.acceptsZero ? wanted : minimum
        return Milliamperes(Self.representable(taken.rawValue, in: currentRegister))
    }

    private var wantedTimeout: Int {
        let milliseconds = Int(failsafe?.timeoutValue.milliseconds ?? 0)
        return Self.representable(milliseconds, in: timeoutRegister)
    }

    /// What a register makes of a value, so that its read-back can be compared.
    private static func representable(_ value: Int, in register: Register?) -> Int {
        guard let register, let words = register.encode(canonical: value, rounding: .down) else {
            return value
        }
        return register.decode(words[...]).canonical ?? value
    }

    func write(goal: Milliamperes?, at now: MonotonicInstant) -> Write? {
        guard let failsafe else { return nil }
        if let retryAt, now < retryAt { return nil }
        if let register = failsafe.current, isDue(current, wanted(goal: goal).rawValue) {
            return Write(
                register: register, value: wanted(goal: goal).rawValue, isCurrent: true)
        }
        if let register = failsafe.timeout, isDue(timeout, wantedTimeout) {
            return Write(register: register, value: wantedTimeout, isCurrent: false)
        }
        return nil
    }

    /// Whether everything that can be set stands as it is wanted.
    private func isArmed(goal: Milliamperes?) -> Bool {
        (failsafe?.current == nil || !isDue(current, wanted(goal: goal).rawValue))
            && (failsafe?.timeout == nil || !isDue(timeout, wantedTimeout))
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
        let readBack = write.isCurrent ? failsafe?.currentReadBack : failsafe?.timeoutReadBack
        update(write) { level in
            level.confirmed = write.value
            level.shown = nil
            // What cannot be read back is believed.
            level.attempts = readBack == nil ? 0 : level.attempts + 1
        }
    }

    mutating func refused(_ write: Write, isPermanent: Bool, at now: MonotonicInstant) {
        let allowed = attemptsAllowed
        var attempts = 0
        update(write) { level in
            level.attempts = isPermanent ? allowed : level.attempts + 1
            attempts = level.attempts
        }
        retryAt = now.advanced(by: attempts >= allowed ? Self.retry : Self.earlyRetry)
    }

    /// Registers were read, perhaps those that show the failsafe.
    mutating func polled(
        _ registers: [RegisterID], _ values: RegisterValues, goal: Milliamperes?,
        at now: MonotonicInstant
    ) {
        guard registers.contains(where: { readBack.contains($0) }) else { return }
        if let register = failsafe?.currentReadBack, registers.contains(register) {
            current.show(values[register]?.canonical, wanted: wanted(goal: goal).rawValue)
        }
        if let register = failsafe?.timeoutReadBack, registers.contains(register) {
            timeout.show(values[register]?.canonical, wanted: wantedTimeout)
        }
        if max(current.attempts, timeout.attempts) >= attemptsAllowed, retryAt == nil,
            !isArmed(goal: goal)
        {
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
            return
                "this wallbox has no failsafe that is known: without the agent it keeps its limit"
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
