import ChargeModel
import DeviceProfiles

/// The face that the profile gives to what is behind it.
extension SimulatedWallbox {
    /// As ``words(of:_:)``, and remembered until something happens: many reads show the same.
    mutating func rememberedWords(of id: RegisterID, _ element: Int) -> [UInt16] {
        switch steadiness[id.rawValue] {
        case .always: break
        case .whileVoltageIs: guard isVoltageSteady else { return words(of: id, element) }
        case .never: return words(of: id, element)
        }
        if let words = shownWords[id.rawValue][element] { return words }
        let words = words(of: id, element)
        shownWords[id.rawValue][element] = words
        return words
    }

    /// A voltage that wanders does so between events as well while nothing is drawn. Inlined, since a
    /// call would copy the wallbox.
    @inline(__always)
    private var isVoltageSteady: Bool { options.voltage.nextChange(after: now) == nil }

    /// Something has happened: every register may show something else.
    mutating func forgetShownWords() {
        for register in shownWords.indices {
            for element in shownWords[register].indices { shownWords[register][element] = nil }
        }
    }

    /// The words that a register shows now.
    func words(of id: RegisterID, _ element: Int) -> [UInt16] {
        guard let place = faults.registers.firstIndex(where: { $0.register == id }) else {
            return soundWords(of: id, element)
        }
        let register = profile[id]
        switch faults.registers[place].kind {
        case .stuck:
            let stuck = place < stuckWords.count ? stuckWords[place] : []
            return element < stuck.count ? stuck[element] : soundWords(of: id, element)
        case .words(let words):
            guard !words.isEmpty else { return Array(repeating: 0, count: register.width) }
            return (0..<register.width).map { words[$0 % words.count] }
        case .notANumber:
            return register.notANumber
        case .wordsSwapped:
            return soundWords(of: id, element).reversed()
        case .exception, .silent:
            return soundWords(of: id, element)
        }
    }

    private func soundWords(of id: RegisterID, _ element: Int) -> [UInt16] {
        let register = profile[id]
        let words: [UInt16]? =
            switch sources[id.rawValue] {
            case .setpoint(let place): setpointWords(register, place)
            case .limit: limitWords(register, controlSetpoint, offValues: profile.control.offValues)
            case .enable(let place): enableWords(register, place)
            case .isEnabled(let on, let off):
                register.encode(raw: isEnabled && leastSetpoint > 0 ? on : off)
            case .face(let place): faceWords(register, place)
            case .quantity(let quantity):
                isChosen(id, quantity)
                    ? factory.words[id.rawValue] : words(showing: quantity, of: id, element)
            case .isArmed(let yes, let no): watch.isArmed && watch.timeout > .zero ? yes : no
            case .isDone(let yes, let no): isDone ? yes : no
            case .isSwitched(let one, let three, let no):
                relay.isSwitching ? no : relay.phases == 1 ? one : three
            case .mirror(let other): soundWords(of: other, 0)
            case .memory: memory[id.rawValue] ?? factory.words[id.rawValue]
            }
        // What does not fit is shown as the registers at their most, as counters do.
        return words ?? Array(repeating: .max, count: register.width)
    }

    /// Whether somebody wants to see a certain value, or the map is only there with one.
    private func isChosen(_ id: RegisterID, _ quantity: MeasuredQuantity) -> Bool {
        guard factory.isChosen[id.rawValue] else { return false }
        return [.serial, .firmware, .connectors].contains(quantity)
            || options.presets.contains { $0.register == id }
    }

    private var isDone: Bool {
        guard !relay.isSwitching, let writtenAt else { return !relay.isSwitching }
        return writtenAt.duration(to: now) >= options.commandTime
    }

    // MARK: - Control

    private func setpointWords(_ register: Register, _ place: Int) -> [UInt16]? {
        let limit = controls.limits[place]
        let cable = faults.cableLimit.map {
            profile.control.domain.setpoint($0, phases: relay.phases)
        }
        let value = min(setpoints[place], cable ?? setpoints[place])
        return limitWords(
            register, value, offValues: limit.acceptsZero ? [] : limit.offValues)
    }

    private func limitWords(
        _ register: Register, _ value: Int, offValues: [UInt64]
    ) -> [UInt16]? {
        guard value == 0 else { return register.encode(canonical: value, rounding: .down) }
        if profile.manners.readsZeroAsMinimum {
            let control = profile.control
            let minimum = control.domain.setpoint(control.minimum, phases: relay.phases)
            return register.encode(canonical: minimum, rounding: .down)
        }
        if let off = offValues.first { return register.encode(raw: off) }
        return register.encode(canonical: 0, rounding: .down)
    }

    private func enableWords(_ register: Register, _ place: Int) -> [UInt16]? {
        let control = controls.switches[place]
        return (switches[place] ? control.on : control.off).first.flatMap {
            register.encode(raw: $0)
        }
    }

    // MARK: - State

    private func faceWords(_ register: Register, _ place: Int) -> [UInt16]? {
        if register.quantity == .errorCode, let code = faults.defect?.code {
            return register.encode(canonical: code, rounding: .nearest)
        }
        let state = PilotState.allCases.firstIndex(of: pilotState) ?? 0
        let face = faces[state]
        guard place < face.count else { return Array(repeating: 0, count: register.width) }
        return register.encode(face[place].raw)
    }

    // MARK: - Measurements

    private func words(
        showing quantity: MeasuredQuantity, of id: RegisterID, _ element: Int
    ) -> [UInt16]? {
        let register = profile[id]
        if let words = wordsOutsideCharging(register) { return words }
        let voltages = options.voltage.voltages(at: now)
        let load =
            load.sum == 0 && register.outsideCharging == .zero ? lastLoad : load
        return switch quantity {
        case .power: register.encode(canonical: load.power.rawValue, rounding: .nearest)
        case .powers:
            register.encode(canonical: (load[element] + 500_000) / 1_000_000, rounding: .nearest)
        case .currents:
            register.encode(
                canonical: load.current(ofPhase: element, voltages), rounding: .nearest)
        case .voltages:
            register.encode(
                canonical: element < profile.electrical.phases ? voltages[element] : 0,
                rounding: .nearest)
        case .energyTotal: register.encode(canonical: energy.wattHours.rawValue, rounding: .down)
        case .energySession:
            register.encode(canonical: (energy - sessionStart).wattHours.rawValue, rounding: .down)
        case .setpoint:
            limitWords(register, controlSetpoint, offValues: profile.control.offValues)
        case .livePhases: livePhasesWords(id)
        case .connectors:
            register.encode(canonical: profile.connectors?.count ?? 1, rounding: .nearest)
        case .hardwareMaximum: register.encode(canonical: hardwareMaximum.rawValue, rounding: .down)
        case .errorCode:
            register.encode(
                canonical: faults.defect.map { $0.code ?? 1 } ?? 0, rounding: .nearest)
        case .serial: register.encode(label: serial)
        case .firmware: register.encode(label: options.firmware ?? "1.0.0")
        case .uptime: register.encode(duration: startedAt.duration(to: now))
        case .failsafeCurrent: register.encode(canonical: watch.current, rounding: .down)
        case .failsafeTimeout: register.encode(duration: watch.timeout)
        case .setpointValidity: register.encode(duration: watch.remaining(at: now))
        }
    }

    /// What a register shows while no energy flows, where it measures nothing then.
    private func wordsOutsideCharging(_ register: Register) -> [UInt16]? {
        guard load.sum == 0, register.outsideCharging == .absent else { return nil }
        return register.encode(raw: register.invalid.first ?? 0)
    }

    /// The phases behind the contactor. Where the map has a value for none, that is shown while it
    /// switches and while the contactor is open, but for commands that wait for the phases.
    private func livePhasesWords(_ id: RegisterID) -> [UInt16]? {
        let register = profile[id]
        let showsNone = register.table.contains { $0.canonical == 0 }
        let isOpen = showsNone && !contactor.isClosed && !profile.control.waits(for: id)
        let phases = relay.isSwitching || isOpen ? 0 : relay.phases
        return register.encode(canonical: phases, rounding: .nearest)
            ?? register.encode(canonical: relay.phases, rounding: .nearest)
    }
}

extension Register {
    fileprivate func encode(duration: Duration) -> [UInt16]? {
        encode(canonical: Int(duration.milliseconds), rounding: .down)
    }

    /// The quiet NaN of IEEE 754 for floating point, all ones otherwise.
    fileprivate var notANumber: [UInt16] {
        let words: [UInt16]? =
            switch type {
            case .f32: encode(raw: 0x7FC0_0000)
            case .f64: encode(raw: 0x7FF8_0000_0000_0000)
            case .u16, .s16, .u32, .s32, .u64, .s64, .bit, .text: nil
            }
        return words ?? Array(repeating: .max, count: width)
    }
}
