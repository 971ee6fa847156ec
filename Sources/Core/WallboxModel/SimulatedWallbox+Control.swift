import ChargeModel
import DeviceProfiles

/// The wallbox's own firmware: which limit is in force.
extension SimulatedWallbox {
    /// The limit in force; 0 for a pause.
    package var limit: Milliamperes {
        bootedAt == nil && faults.defect == nil && !relay.isSwitching ? controlLimit : .zero
    }

    /// The limit that the wallbox goes by, whether or not something keeps it from charging.
    var controlLimit: Milliamperes {
        let wished = watch.isActive ? failsafeLimit : commandedLimit
        let allowed = min(wished, hardwareMaximum, faults.cableLimit ?? hardwareMaximum)
        return allowed < .pilotMinimum ? .zero : allowed
    }

    private var commandedLimit: Milliamperes {
        if hasStartedItself { return profile.control.maximum }
        return isEnabled ? setpoint : .zero
    }

    /// The fallback takes the place of the setpoint, also where that was a pause: so do the boxes.
    private var failsafeLimit: Milliamperes {
        switch profile.failsafe?.direction ?? .hold {
        case .down: current(ofSetpoint: watch.current)
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

    // MARK: - The setpoint

    /// The least of what stands in the registers that take the limit, in their unit.
    var leastSetpoint: Int { setpoints.min() ?? 0 }

    /// The limit that was last written.
    var setpoint: Milliamperes { current(ofSetpoint: leastSetpoint) }

    /// What a setpoint means: a power is shared out among the phases that the vehicle uses, and
    /// pauses where too little is left for each, or where no band of power contains it.
    func current(ofSetpoint value: Int) -> Milliamperes {
        let control = profile.control
        guard value > 0 else { return .zero }
        guard case .power = control.domain else { return Milliamperes(value) }
        if control.domain.hasBands, control.domain.phases(at: value) == nil { return .zero }
        let used = vehicle.map { min($0.vehicle.phases, relay.phases) } ?? relay.phases
        let current = control.domain.current(value, phases: used)
        return current < control.minimum ? .zero : min(current, control.maximum)
    }

    /// The setpoint in the unit of its register that stands for what the wallbox goes by.
    var controlSetpoint: Int {
        guard case .power = profile.control.domain else { return controlLimit.rawValue }
        switch (watch.isActive, profile.failsafe?.direction) {
        case (true, .down): return watch.current
        case (true, .stop): return 0
        case (true, .up): return Self.factorySetpoint(profile, options)
        case (true, .hold), (true, nil), (false, _): return isEnabled ? leastSetpoint : 0
        }
    }

    /// The phases that are to lie behind the contactor: as the power says, or the registers.
    var wishedPhases: Int {
        let domain = profile.control.domain
        guard domain.hasBands else { return min(selectedPhases, profile.electrical.phases) }
        let phases = domain.phases(at: controlSetpoint) ?? relay.phases
        return min(phases, profile.electrical.phases)
    }

    /// In the unit of the register.
    static func factorySetpoint(_ profile: DeviceProfile, _ options: WallboxOptions) -> Int {
        profile.control.domain.setpoint(
            options.factorySetpoint ?? profile.control.maximum,
            phases: profile.electrical.phases)
    }

    // MARK: - Loss of supply

    /// What a loss of supply does to the registers that are not kept in flash memory.
    mutating func loseVolatileRegisters() {
        func isKept(_ register: RegisterID?) -> Bool {
            register.map { profile[$0].persistence == .retentive } ?? false
        }
        for (place, limit) in controls.limits.enumerated() where !isKept(limit.register) {
            setpoints[place] = Self.factorySetpoint(profile, options)
        }
        for (place, control) in controls.switches.enumerated() where !isKept(control.register) {
            switches[place] = options.startsEnabled
        }
        for place in memory.indices where !isKept(RegisterID(place)) {
            memory[place] = nil
            written[place] = nil
        }
        selectedPhases =
            controls.phases?.phases { written[$0.rawValue] } ?? profile.electrical.phases
        relay = PhaseRelay(phases: wishedPhases)
        let kept = watch
        watch = FailsafeWatch(profile, options, controls, at: now)
        watch.carryOver(activations: kept.activations)
        if isKept(profile.failsafe?.current) { watch.current = kept.current }
        if isKept(profile.failsafe?.timeout) { watch.setTimeout(kept.timeout, at: now) }
        watch.setArmed(isFailsafeArmed, at: now)
    }
}

extension FailsafeWatch {
    /// The failsafe of a profile as it leaves the factory.
    init(
        _ profile: DeviceProfile, _ options: WallboxOptions, _ controls: ControlMap,
        at now: MonotonicInstant
    ) {
        let signs = profile.heartbeat.signs
        let usual: FailsafeRecovery =
            switch signs.first {
            case nil, .some(.none), .anyRead, .write: .heartbeat
            case .rewriteSetpoint: signs.count > 1 ? .heartbeat : .setpoint
            case .rewriteFailsafeTimeout: .setpointAndEnable
            }
        self.init(
            signs: profile.failsafe == nil ? 0 : signs.count,
            hasSwitches: !controls.switches.isEmpty, recovery: options.failsafe.recovery ?? usual,
            current: profile.control.domain.setpoint(
                options.failsafe.current, phases: profile.electrical.phases),
            timeout: options.failsafe.timeout ?? profile.factoryFailsafeTimeout,
            isArmed: controls.arming.isEmpty, at: now)
    }
}

extension Heartbeat {
    /// Every sign of life that the wallbox wants; empty when it wants none.
    var signs: [Kind] { ([kind] + further).filter { $0 != .none } }
}

extension DeviceProfile {
    /// Off where the timeout can be written, else what the wallbox is known to use.
    fileprivate var factoryFailsafeTimeout: Duration {
        guard let failsafe, failsafe.timeout == nil else { return .zero }
        return failsafe.timeoutValue
    }
}
