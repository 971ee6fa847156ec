import ChargeModel
import DeviceProfiles

/// What a register shows.
enum RegisterSource: Hashable, Sendable {
    /// The limit as it was last written, by the place in ``ControlMap/limits``.
    case setpoint(Int)
    /// The limit that the wallbox goes by.
    case limit
    /// An on/off register, by its place in ``ControlMap/switches``.
    case enable(Int)
    /// Whether charging is allowed, in raw values.
    case isEnabled(on: UInt64, off: UInt64)
    /// What the state rules of the profile ask for, by the place in the face of a state.
    case face(Int)
    case quantity(MeasuredQuantity)
    /// Whether the failsafe is switched on, in words.
    case isArmed(yes: [UInt16], no: [UInt16])
    /// Whether the last command has been carried out, in words.
    case isDone(yes: [UInt16], no: [UInt16])
    /// The phases that it has switched to, in words; `no` while it switches.
    case isSwitched(one: [UInt16], three: [UInt16], no: [UInt16])
    /// What another register in the same place shows.
    case mirror(RegisterID)
    /// What was written to it, or what the factory put there.
    case memory

    /// Whether what it shows is the same from one event to the next.
    enum Steadiness: Hashable, Sendable {
        case always, whileVoltageIs, never
    }

    func steadiness(among sources: [RegisterSource]) -> Steadiness {
        switch self {
        case .quantity(let quantity):
            switch quantity {
            case .energyTotal, .energySession, .uptime, .setpointValidity: .never
            case .voltages: .whileVoltageIs
            case .power, .powers, .currents, .setpoint, .hardwareMaximum, .errorCode, .serial,
                .firmware, .failsafeCurrent, .failsafeTimeout, .livePhases, .connectors:
                .always
            }
        case .mirror(let other): sources[other.rawValue].steadiness(among: sources)
        case .isDone: .never
        case .setpoint, .limit, .enable, .isEnabled, .face, .isArmed, .isSwitched, .memory:
            .always
        }
    }

    /// The sources of all registers of a profile.
    static func all(
        _ profile: DeviceProfile, _ controls: ControlMap, _ presence: RegisterPresence
    ) -> [RegisterSource] {
        let own = own(profile, controls)
        return profile.registers.indices.map { index in
            guard own[index] == .memory, profile.registers[index].write == nil else {
                return own[index]
            }
            let mirrored = profile.registers.indices.first { other in
                own[other] != .memory && presence[RegisterID(other)]
                    && profile.registers[index].isInPlace(of: profile.registers[other])
            }
            return mirrored.map { .mirror(RegisterID($0)) } ?? .memory
        }
    }

    private static func own(_ profile: DeviceProfile, _ controls: ControlMap) -> [RegisterSource] {
        let stateRegisters = profile.stateRegisters
        return profile.registers.indices.map { index in
            let id = RegisterID(index)
            switch controls.role(of: id) {
            case .limit(let place): return .setpoint(place)
            case .enable(let place): return .enable(place)
            case .failsafeCurrent: return .quantity(.failsafeCurrent)
            case .failsafeTimeout: return .quantity(.failsafeTimeout)
            case .memory: break
            }
            if profile.control.readBack == id { return .limit }
            let face = stateRegisters.firstIndex(of: id).map { RegisterSource.face($0) }
            if let quantity = profile.quantity(shownBy: id) {
                return quantity == .errorCode ? face ?? .quantity(.errorCode) : .quantity(quantity)
            }
            if let face { return face }
            if case .register(id, let on, let off) = profile.control.enabled,
                let on = on.first, let off = off.first
            {
                return .isEnabled(on: on, off: off)
            }
            return profile.answer(shownBy: id) ?? .memory
        }
    }
}

extension DeviceProfile {
    /// What a register measures, also where only its part in the supervision tells.
    fileprivate func quantity(shownBy id: RegisterID) -> MeasuredQuantity? {
        if let quantity = self[id].quantity { return quantity }
        if failsafe?.currentReadBack == id { return .failsafeCurrent }
        if failsafe?.timeoutReadBack == id { return .failsafeTimeout }
        switch heartbeat.timeout {
        case .register(id, _): return .failsafeTimeout
        case .remaining(id, _): return .setpointValidity
        case .fixed, .register, .remaining: return nil
        }
    }

    /// What a register tells about what was written elsewhere, or about its own effect.
    fileprivate func answer(shownBy id: RegisterID) -> RegisterSource? {
        typealias Answer = (tests: [RegisterCondition.Test], yes: [UInt16], no: [UInt16])
        func answer(_ conditions: [RegisterCondition]) -> Answer? {
            let tests = conditions.filter { $0.register == id }.map(\.test)
            guard !tests.isEmpty, let yes = self[id].words(tests, fulfilled: true),
                let no = self[id].words(tests, fulfilled: false)
            else { return nil }
            return (tests, yes, no)
        }
        if self[id].write == nil, let armed = answer(failsafe?.armedWhen ?? []) {
            return .isArmed(yes: armed.yes, no: armed.no)
        }
        if let one = answer(control.phaseSwitch?.toOne.awaited ?? []),
            let three = answer(control.phaseSwitch?.toThree.awaited ?? []), one.tests != three.tests
        {
            // What is written there is what it shows, unless somebody else has to write it.
            guard self[id].write == nil else { return nil }
            return .isSwitched(one: one.yes, three: three.yes, no: one.no)
        }
        for command in control.commands {
            guard let done = answer(command.awaited) else { continue }
            let written = command.finalHolds.last { $0.register == id }?.value
            let isItself = written.flatMap { self[id].encode(raw: $0) }.map { words in
                done.tests.allSatisfy { $0.holds(self[id].decode(words[...])) }
            }
            return isItself == true ? nil : .isDone(yes: done.yes, no: done.no)
        }
        return nil
    }
}

extension Register {
    /// Whether both are the same words, whole.
    fileprivate func isInPlace(of other: Register) -> Bool {
        unit == other.unit && space == other.space && width == other.width
            && address(ofElement: 0) == other.address(ofElement: 0)
            && bits == nil && other.bits == nil
    }
}

extension ControlTraits {
    /// Every command that it has.
    fileprivate var commands: [[CommandStep]] {
        [charge, limit, idle, onConnect, onDisconnect, wakeUp]
            + (phaseSwitch.map { [$0.toOne, $0.toThree] } ?? [])
    }

    /// Whether some command waits for a register.
    func waits(for register: RegisterID) -> Bool {
        commands.flatMap(\.awaited).contains { $0.register == register }
    }
}
