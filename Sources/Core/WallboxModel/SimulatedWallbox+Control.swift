import ChargeModel
import DeviceProfiles

/// The wallbox's own firmware: which limit is in force.
extension SimulatedWallbox {
    /// What an acknowledged write does.
    enum WriteEffect: Hashable, Sendable {
        /// 0 for a pause.
        case setpoint(Milliamperes)
        case enable(Int, isOn: Bool)
        case failsafeCurrent(Milliamperes)
        case failsafeTimeout(Duration)
        case memory(RegisterID, [UInt16])
    }

    /// The limit in force; 0 for a pause.
    var limit: Milliamperes {
        bootedAt == nil && faults.defect == nil ? controlLimit : .zero
    }

    /// The limit that the wallbox goes by, whether or not something keeps it from charging.
    var controlLimit: Milliamperes {
        let wished = watch.isActive ? failsafeLimit : commandedLimit
        let allowed = min(wished, hardwareMaximum, faults.cableLimit ?? hardwareMaximum)
        return allowed < .pilotMinimum ? .zero : allowed
    }

    private var commandedLimit: Milliamperes { isEnabled ? setpoint : .zero }

    /// The fallback takes the place of the setpoint, also where that was a pause: so do the boxes.
    private var failsafeLimit: Milliamperes {
        switch profile.failsafe?.direction ?? .hold {
        case .down: watch.current
        case .hold: commandedLimit
        case .up: options.failsafe.upwards ?? profile.control.maximum
        case .stop: .zero
        }
    }

    /// Whether every on/off register is on.
    var isEnabled: Bool { switches.allSatisfy { $0 } }

    var hardwareMaximum: Milliamperes {
        min(options.hardwareMaximum ?? profile.control.maximum, profile.control.maximum)
    }

    mutating func take(_ effect: WriteEffect) {
        switch effect {
        case .setpoint(let current):
            setpoint = current
            watch.setpointWritten(at: now)
        case .enable(let index, let isOn):
            switches[index] = isOn
            watch.enableWritten(at: now)
        case .failsafeCurrent(let current):
            watch.current = current
        case .failsafeTimeout(let timeout):
            watch.setTimeout(timeout, at: now)
        case .memory(let register, let words):
            memory[register.rawValue] = words
        }
    }

    /// What a loss of supply does to the registers that are not kept in flash memory.
    mutating func loseVolatileRegisters() {
        func isKept(_ register: RegisterID?) -> Bool {
            register.map { profile[$0].persistence == .retentive } ?? false
        }
        if !isKept(profile.control.setpoint) {
            setpoint = Self.factorySetpoint(profile, options)
        }
        for (place, control) in controls.switches.enumerated() where !isKept(control.register) {
            switches[place] = options.startsEnabled
        }
        for place in memory.indices where !isKept(RegisterID(place)) { memory[place] = nil }
        let kept = watch
        watch = FailsafeWatch(profile, options, hasSwitches: !switches.isEmpty, at: now)
        watch.carryOver(activations: kept.activations)
        if isKept(profile.failsafe?.current) { watch.current = kept.current }
        if isKept(profile.failsafe?.timeout) { watch.setTimeout(kept.timeout, at: now) }
    }

    static func factorySetpoint(
        _ profile: DeviceProfile, _ options: WallboxOptions
    ) -> Milliamperes {
        options.factorySetpoint ?? profile.control.maximum
    }
}

extension FailsafeWatch {
    /// The failsafe of a profile as it leaves the factory.
    init(
        _ profile: DeviceProfile, _ options: WallboxOptions, hasSwitches: Bool,
        at now: MonotonicInstant
    ) {
        let usual: FailsafeRecovery =
            switch profile.heartbeat.kind {
            case .none, .anyRead, .write: .heartbeat
            case .rewriteSetpoint: .setpoint
            case .rewriteFailsafeTimeout: .setpointAndEnable
            }
        self.init(
            exists: profile.failsafe != nil && profile.heartbeat.kind != .none,
            hasSwitches: hasSwitches, recovery: options.failsafe.recovery ?? usual,
            current: options.failsafe.current,
            timeout: options.failsafe.timeout ?? profile.factoryFailsafeTimeout, at: now)
    }
}

extension DeviceProfile {
    /// Off where the timeout can be written, else what the wallbox is known to use.
    fileprivate var factoryFailsafeTimeout: Duration {
        guard let failsafe, failsafe.timeout == nil else { return .zero }
        return failsafe.timeoutValue
    }
}
