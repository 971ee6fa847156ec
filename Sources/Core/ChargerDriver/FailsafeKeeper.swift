import ChargeModel
import DeviceProfiles

/// Keeps the wallbox's own failsafe armed and verified: what it falls to when this agent dies
/// (requirement R3). Compares levels: what is wanted, what was confirmed, what was read back.
///
/// A failsafe in watts counts on the fewest phases: it outlives the vehicle that is there now.
struct FailsafeKeeper: Codable, Sendable {
    private let facts: ProfileFacts
    private let phases: Int
    private let failsafe: Failsafe?
    private let safeCurrent: Milliamperes
    /// The least current that can be set.
    private let minimum: Milliamperes
    private let attemptsAllowed: Int
    private let wantedTimeout: Int
    /// What a fall to 0 and one to the safe current are in the unit of the register.
    private let zeroFallback: Int
    private let safeFallback: Int
    /// Registers to read after a write, so that it is verified.
    let readBack: [RegisterID]
    private var current = Level()
    private var timeout = Level()
    /// What else switches it on: 1 once it has.
    private var switched = Level()
    /// Registers of it that this unit does not have.
    private var missing: [RegisterID] = []
    private var retryAt: MonotonicInstant?
    /// What it was last seen to fall to: a warning of it stands while the wallbox does not answer.
    private var lastFallback: Int?

    /// One value that is to stand in the wallbox.
    private struct Level: Hashable, Codable, Sendable {
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
    struct Write: Hashable, Codable, Sendable {
        var register: RegisterID
        var value: Int
        var isCurrent: Bool
        /// Whether it makes the wallbox fall less far.
        var isIncrease = false
    }

    /// How long a failsafe that would not be armed is left alone.
    private static let retry: Duration = .seconds(60)
    /// How long it is left alone after a refusal that may pass.
    private static let earlyRetry: Duration = .seconds(5)

    /// - Parameter phases: What a vehicle surely draws on.
    init(
        _ facts: ProfileFacts, safeCurrent: Milliamperes, phases: Int, attemptsAllowed: Int
    ) {
        self.facts = facts
        let profile = facts.profile
        self.phases = phases
        failsafe = profile.failsafe
        self.safeCurrent = safeCurrent
        minimum = profile.leastLimit(phases: phases)
        self.attemptsAllowed = attemptsAllowed
        let timeoutRegister = profile.failsafe?.timeout.map { profile[$0] }
        wantedTimeout = Self.representable(
            Int(profile.failsafe?.timeoutValue.milliseconds ?? 0), in: timeoutRegister)
        zeroFallback = Self.fallback(.zero, minimum, profile, phases: phases)
        safeFallback = Self.fallback(safeCurrent, minimum, profile, phases: phases)
        readBack =
            [profile.failsafe?.currentReadBack, profile.failsafe?.timeoutReadBack]
            .compactMap { $0 } + (profile.failsafe?.armedWhen.map(\.register) ?? [])
    }

    private var profile: DeviceProfile { facts.profile }

    /// What to fall to, in the unit of the register: min(safe current, target), and 0 while idle
    /// where it can be.
    private func wanted(goal: Milliamperes?) -> Int {
        let wanted = min(safeCurrent, goal ?? safeCurrent)
        if wanted == safeCurrent { return safeFallback }
        if wanted == .zero { return zeroFallback }
        return Self.fallback(wanted, minimum, profile, phases: phases)
    }

    private static func fallback(
        _ wanted: Milliamperes, _ minimum: Milliamperes, _ profile: DeviceProfile, phases: Int
    ) -> Int {
        guard let failsafe = profile.failsafe else { return 0 }
        let taken = wanted >= minimum || failsafe.acceptsZero ? wanted : minimum
        return representable(
            profile.canonicalLimit(taken, phases: phases),
            in: failsafe.current.map { profile[$0] })
    }

    /// What a register makes of a value, so that its read-back can be compared.
    private static func representable(_ value: Int, in register: Register?) -> Int {
        guard let register, let words = register.encode(canonical: value, rounding: .down) else {
            return value
        }
        return register.decode(words[...]).canonical ?? value
    }

    /// - Parameter isCurrentHeld: Whether the current has to wait; the timeout does not.
    func write(
        goal: Milliamperes?, isCurrentHeld: Bool = false, at now: MonotonicInstant
    ) -> Write? {
        guard let failsafe else { return nil }
        if let retryAt, now < retryAt { return nil }
        if let register = failsafe.current, !isCurrentHeld, !missing.contains(register) {
            let wanted = wanted(goal: goal)
            if isDue(current, wanted) {
                return Write(
                    register: register, value: wanted, isCurrent: true,
                    isIncrease: (current.shown ?? current.confirmed).map { wanted > $0 } ?? false)
            }
        }
        if let register = failsafe.timeout, !missing.contains(register),
            isDue(timeout, wantedTimeout)
        {
            return Write(register: register, value: wantedTimeout, isCurrent: false)
        }
        return nil
    }

    /// The steps that switch it on, once its current and timeout stand; empty when they are not due.
    func arming(goal: Milliamperes?, at now: MonotonicInstant) -> [CommandStep] {
        guard let failsafe, !failsafe.arm.isEmpty, isDue(switched, 1),
            write(goal: goal, at: now) == nil
        else { return [] }
        if let retryAt, now < retryAt { return [] }
        return failsafe.arm
    }

    /// Whether everything that can be set stands as it is wanted.
    private func isArmed(goal: Milliamperes?) -> Bool {
        (failsafe?.current == nil || !isDue(current, wanted(goal: goal)))
            && (failsafe?.timeout == nil || !isDue(timeout, wantedTimeout))
            && (failsafe?.arm.isEmpty != false || !isDue(switched, 1))
    }

    private func isDue(_ level: Level, _ wanted: Int) -> Bool {
        if let shown = level.shown { return shown != wanted }
        return level.confirmed != wanted
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

    /// Every step of ``arming(goal:at:)`` was confirmed.
    mutating func armed() {
        switched.confirmed = 1
        switched.shown = nil
        switched.attempts = failsafe?.armedWhen.isEmpty == false ? switched.attempts + 1 : 0
    }

    mutating func armingRefused(at now: MonotonicInstant) {
        switched.attempts += 1
        retryAt = now.advanced(
            by: switched.attempts >= attemptsAllowed ? Self.retry : Self.earlyRetry)
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
            current.show(values[register]?.canonical, wanted: wanted(goal: goal))
            lastFallback = current.shown ?? lastFallback
        }
        if let register = failsafe?.timeoutReadBack, registers.contains(register) {
            timeout.show(values[register]?.canonical, wanted: wantedTimeout)
        }
        if let conditions = failsafe?.armedWhen,
            conditions.contains(where: { registers.contains($0.register) })
        {
            let isOn = conditions.allSatisfy { $0.holds(values) }
            switched.show(isOn ? 1 : 0, wanted: 1)
        }
        if isArmed(goal: goal) {
            // What is wanted next has not been tried yet.
            retryAt = nil
        } else if mostAttempts >= attemptsAllowed, retryAt == nil {
            retryAt = now.advanced(by: Self.retry)
        }
        if let retryAt, now >= retryAt { self.retryAt = nil }
    }

    /// Its registers that this unit does not have, as far as this contact has told.
    mutating func polled(missing registers: [RegisterID]) { missing = registers }

    mutating func contactLost() {
        missing = []
        current = Level()
        timeout = Level()
        switched = Level()
        retryAt = nil
    }

    private var mostAttempts: Int {
        max(current.attempts, timeout.attempts, switched.attempts)
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
        if let register = failsafe.current, missing.contains(register) {
            return """
                this unit has no register for its failsafe: without the agent it does what is set in the \
                wallbox
                """
        }
        if mostAttempts >= attemptsAllowed {
            return "the failsafe could not be armed: the wallbox does not show what was written"
        }
        if failsafe.arm.isEmpty, switched.shown == 0 {
            return "the wallbox's failsafe is switched off; switch it on in its own settings"
        }
        return fallbackWarning(failsafe, goal)
    }

    private func fallbackWarning(_ failsafe: Failsafe, _ goal: Milliamperes?) -> String? {
        if failsafe.current == nil {
            guard let shown = lastFallback, shown > limit(safeCurrent) else { return nil }
            return """
                without the agent this wallbox falls to \(inWords(shown)), above safe-current \
                \(safeCurrent); lower it in the wallbox's own settings
                """
        }
        if wanted(goal: goal) > limit(min(safeCurrent, goal ?? safeCurrent)) {
            return """
                without the agent this wallbox rises to \(inWords(wanted(goal: goal))): its failsafe \
                current takes no 0
                """
        }
        return nil
    }

    private func limit(_ current: Milliamperes) -> Int {
        profile.canonicalLimit(current, phases: phases)
    }

    private func inWords(_ value: Int) -> String {
        profile.control.isSetInWatts ? "\(Watts(value))" : "\(Milliamperes(value))"
    }
}
