import ChargeModel
import DeviceProfiles
import Modbus

/// What a write does, if the wallbox takes it at all.
extension SimulatedWallbox {
    /// What an acknowledged write does.
    enum WriteEffect: Hashable, Sendable {
        /// The place in ``ControlMap/limits`` and the value in the register's unit; 0 for a pause.
        case limit(Int, Int)
        case enable(Int, isOn: Bool)
        /// In the unit of the setpoint.
        case failsafeCurrent(Int)
        case failsafeTimeout(Duration)
        case memory(RegisterID, [UInt16])
    }

    mutating func take(_ effect: WriteEffect) {
        switch effect {
        case .limit(let place, let value):
            hasStartedItself = false
            setpoints[place] = value
            watch.setpointWritten(at: now)
        case .enable(let index, let isOn):
            hasStartedItself = false
            switches[index] = isOn
            watch.enableWritten(at: now)
        case .failsafeCurrent(let value):
            watch.current = value
        case .failsafeTimeout(let timeout):
            watch.setTimeout(timeout, at: now)
        case .memory(let register, let words):
            memory[register.rawValue] = words
        }
    }

    /// Takes a write of a register with everything that follows from the value that stands there.
    mutating func take(_ write: PendingWrite) {
        let (id, raw) = (write.register, write.raw)
        if profile.manners.ignoresUnchangedWrites, case .limit = write.effect,
            written[id.rawValue] == raw
        {
            return
        }
        take(write.effect)
        written[id.rawValue] = raw
        writtenAt = now
        watch.setArmed(isFailsafeArmed, at: now)
        selectPhases(by: id)
        wakeVehicle(by: id, raw)
    }

    /// Whether the registers that switch the failsafe on have the values for it.
    var isFailsafeArmed: Bool {
        controls.arming.allSatisfy { hold in
            written[hold.register.rawValue].map(hold.holds) ?? false
        }
    }

    private mutating func selectPhases(by id: RegisterID) {
        guard let selection = controls.phases, selection.trigger == id,
            let phases = selection.phases({ written[$0.rawValue] }), phases != selectedPhases
        else { return }
        if load.sum > 0 { phaseSwitchesUnderLoad += 1 }
        selectedPhases = phases
    }

    private mutating func wakeVehicle(by id: RegisterID, _ raw: UInt64) {
        guard wakeUpStep < controls.wakeUp.count else { return }
        let step = controls.wakeUp[wakeUpStep]
        guard step.register == id, step.holds(raw) else {
            wakeUpStep = 0
            return
        }
        wakeUpStep += 1
        guard wakeUpStep == controls.wakeUp.count else { return }
        wakeUpStep = 0
        vehicle?.wake()
    }

    // MARK: - Whether it is taken

    /// What writing words to a register does; the exception when it refuses them.
    func effect(
        of words: ArraySlice<UInt16>, on id: RegisterID
    ) -> Result<WriteEffect, ModbusException> {
        let role = controls.role(of: id)
        if role == .memory { return .success(.memory(id, Array(words))) }
        let register = profile[id]
        let value = register.decode(words)
        if case .limit(let place) = role, let raw = register.raw(of: words),
            controls.limits[place].offValues.contains(raw)
        {
            return .success(.limit(place, 0))
        }
        guard case .number(let canonical, let raw) = value else {
            return .failure(.illegalDataValue)
        }
        let effect: WriteEffect? =
            switch role {
            case .limit(let place): setpoint(canonical, at: place).map { .limit(place, $0) }
            case .enable(let place): isOn(raw, place).map { .enable(place, isOn: $0) }
            case .failsafeCurrent: failsafeCurrent(canonical).map { .failsafeCurrent($0) }
            case .failsafeTimeout:
                canonical < 0 ? nil : .failsafeTimeout(.milliseconds(canonical))
            case .memory: nil
            }
        return effect.map { .success($0) } ?? .failure(.illegalDataValue)
    }

    /// The limit as the wallbox takes it; nil when it refuses it.
    private func setpoint(_ canonical: Int, at place: Int) -> Int? {
        if canonical == 0 { return controls.limits[place].acceptsZero ? 0 : nil }
        guard canonical > 0 else { return nil }
        let control = profile.control
        func value(_ current: Milliamperes) -> Int {
            control.domain.setpoint(current, phases: profile.electrical.phases)
        }
        guard canonical <= value(control.maximum) || options.aboveMaximum == .clamp else {
            return nil
        }
        let taken = min(canonical, value(hardwareMaximum))
        // Too little power pauses, and is taken.
        guard case .current = control.domain else { return taken }
        guard canonical >= control.minimum.rawValue else {
            switch options.belowMinimum {
            case .refuse: return nil
            case .pause: return 0
            case .raise: return control.minimum.rawValue
            }
        }
        return taken - taken % max(1, control.step.rawValue)
    }

    private func isOn(_ raw: UInt64, _ place: Int) -> Bool? {
        let control = controls.switches[place]
        if control.on.contains(raw & control.mask) { return true }
        return control.off.contains(raw & control.mask) ? false : nil
    }

    private func failsafeCurrent(_ canonical: Int) -> Int? {
        if canonical == 0 { return profile.failsafe?.acceptsZero == true ? 0 : nil }
        let control = profile.control
        let minimum = control.domain.setpoint(.pilotMinimum, phases: 1)
        let maximum = control.domain.setpoint(
            control.maximum, phases: profile.electrical.phases)
        guard canonical >= minimum, canonical <= maximum || options.aboveMaximum == .clamp else {
            return nil
        }
        return min(canonical, maximum)
    }

    // MARK: - Signs of life

    /// Which of the signs of life that the wallbox wants a write is.
    func signsOfLife(_ words: [UInt16], at start: Int, _ spans: [RegisterIndex.Span]) -> [Int] {
        profile.heartbeat.signs.indices.filter { sign in
            switch profile.heartbeat.signs[sign] {
            case .none: false
            case .anyRead: true
            case .rewriteSetpoint:
                spans.contains { span in
                    switch controls.role(of: span.register) {
                    case .limit, .enable: true
                    case .failsafeCurrent, .failsafeTimeout, .memory: false
                    }
                }
            case .rewriteFailsafeTimeout:
                spans.contains { $0.register == profile.failsafe?.timeout }
            case .write(let register, let wanted):
                spans.contains { span in
                    let offset = span.range.lowerBound - start
                    return span.register == register
                        && profile[register].raw(of: words[offset..<offset + span.range.count])
                            == wanted
                }
            }
        }
    }

    mutating func heard(_ signs: [Int]) {
        guard profile.failsafe != nil, !signs.isEmpty else { return }
        let wasActive = watch.isActive
        for sign in signs { watch.heartbeat(sign, at: now) }
        if wasActive { settle() }
    }
}

extension Register {
    /// The raw value of words, also of those that mean "no value"; nil for a text.
    func raw(of words: ArraySlice<UInt16>) -> UInt64? {
        var register = self
        register.invalid = []
        register.table = []
        guard case .number(_, let raw) = register.decode(words) else { return nil }
        return raw
    }
}
