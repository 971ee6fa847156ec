import ChargeModel
import DeviceProfiles

/// The face that the profile gives to what is behind it.
extension SimulatedWallbox {
    /// As ``words(of:_:)``, and remembered until something happens: many reads show the same.
    mutating func rememberedWords(of id: RegisterID, _ element: Int) -> [UInt16] {
        guard changesOnlyWithEvents(id) else { return words(of: id, element) }
        if let words = shownWords[id.rawValue][element] { return words }
        let words = words(of: id, element)
        shownWords[id.rawValue][element] = words
        return words
    }

    /// Whether what a register shows is the same from one event to the next.
    private func changesOnlyWithEvents(_ id: RegisterID) -> Bool {
        guard case .quantity(let quantity) = sources[id.rawValue] else { return true }
        switch quantity {
        case .energyTotal, .energySession, .uptime, .setpointValidity: return false
        // A voltage that wanders does so between events as well while nothing is drawn.
        case .voltages: return options.voltage.nextChange(after: now) == nil
        case .power, .powers, .currents, .setpoint, .hardwareMaximum, .errorCode, .serial,
            .firmware, .failsafeCurrent, .failsafeTimeout, .livePhases, .connectors:
            return true
        }
    }

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
            case .setpoint: setpointWords(register)
            case .limit: limitWords(register, controlLimit)
            case .enable(let place): enableWords(register, place)
            case .isEnabled(let on, let off):
                register.encode(raw: isEnabled && setpoint > .zero ? on : off)
            case .face(let place): faceWords(register, place)
            case .quantity(let quantity): words(showing: quantity, of: register, element)
            case .memory: memory[id.rawValue] ?? factoryWords[id.rawValue]
            }
        // What does not fit is shown as the registers at their most, as counters do.
        return words ?? Array(repeating: .max, count: register.width)
    }

    // MARK: - Control

    private func setpointWords(_ register: Register) -> [UInt16]? {
        limitWords(register, min(setpoint, faults.cableLimit ?? setpoint))
    }

    private func limitWords(_ register: Register, _ limit: Milliamperes) -> [UInt16]? {
        if limit == .zero, !controls.acceptsZero, let off = controls.offValues.first {
            return register.encode(raw: off)
        }
        return register.encode(canonical: limit.rawValue, rounding: .down)
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
        showing quantity: MeasuredQuantity, of register: Register, _ element: Int
    ) -> [UInt16]? {
        switch quantity {
        case .power: register.encode(canonical: power.rawValue, rounding: .nearest)
        case .powers, .livePhases, .connectors: nil
        case .currents:
            register.encode(
                canonical: current(ofPhase: element, options.voltage.voltages(at: now)),
                rounding: .nearest)
        case .voltages:
            register.encode(
                canonical: element < profile.electrical.phases
                    ? options.voltage.voltages(at: now)[element] : 0, rounding: .nearest)
        case .energyTotal: register.encode(canonical: energy.wattHours.rawValue, rounding: .down)
        case .energySession:
            register.encode(canonical: (energy - sessionStart).wattHours.rawValue, rounding: .down)
        case .setpoint: limitWords(register, controlLimit)
        case .hardwareMaximum: register.encode(canonical: hardwareMaximum.rawValue, rounding: .down)
        case .errorCode:
            register.encode(
                canonical: faults.defect.map { $0.code ?? 1 } ?? 0, rounding: .nearest)
        case .serial: register.encode(label: serial)
        case .firmware: register.encode(label: options.firmware)
        case .uptime: register.encode(duration: startedAt.duration(to: now))
        case .failsafeCurrent:
            register.encode(canonical: watch.current.rawValue, rounding: .down)
        case .failsafeTimeout: register.encode(duration: watch.timeout)
        case .setpointValidity: register.encode(duration: watch.remaining(at: now))
        }
    }
}

extension Register {
    fileprivate func encode(duration: Duration) -> [UInt16]? {
        encode(canonical: Int(duration.milliseconds), rounding: .down)
    }

    /// A serial number or version, as a text cut to the register, or as the number that its digits
    /// make.
    fileprivate func encode(label: String) -> [UInt16]? {
        if case .text(let registers, _) = type {
            return encode(text: String(label.prefix(registers * 2)))
        }
        let digits = label.filter { "0"..."9" ~= $0 }
        return Int(digits.suffix(18)).flatMap { encode(canonical: $0, rounding: .nearest) }
    }

    /// The quiet NaN of IEEE 754 for floating point, all ones otherwise.
    fileprivate var notANumber: [UInt16] {
        switch type {
        case .f32, .f64:
            let highFirst =
                [UInt16(type == .f32 ? 0x7FC0 : 0x7FF8)]
                + Array(repeating: 0, count: width - 1)
            return wordOrder == .highFirst ? highFirst : highFirst.reversed()
        case .u16, .s16, .u32, .s32, .u64, .s64, .bit, .text:
            return Array(repeating: .max, count: width)
        }
    }
}
