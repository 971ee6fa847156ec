import ChargeModel
import DeviceProfiles
import Modbus

/// What a wallbox does with a request.
package enum WallboxReply: Hashable, Sendable {
    case response(ModbusResponse)
    case exception(ModbusException)
    /// No answer at all.
    case silence
}

/// The Modbus server of the wallbox, strict where real boxes are: what the profile does not allow
/// is refused, so that a driver cannot get used to it.
extension SimulatedWallbox {
    /// Carries a request out at an instant.
    ///
    /// Refuses with exception 1 a write with the function that the profile does not name, with 2
    /// what is not in the map or cannot be read or written in one piece, and with 3 values and
    /// lengths that the wallbox does not take. A unit that is not in the map gets no answer.
    package mutating func respond(
        to request: ModbusRequest, at instant: MonotonicInstant
    ) -> WallboxReply {
        advance(to: instant)
        guard answers(unit: request.unit) else { return .silence }
        if let exception = faults.exception { return .exception(exception) }
        let operation = request.operation
        let start = Int(operation.address)
        let range = start..<start + operation.count
        guard range.upperBound <= 0x10000 else { return .exception(.illegalDataAddress) }
        let spans = index.spans(
            unit: request.unit, space: operation.space, touching: range)
        if let reply = faultyReply(spans) { return reply }
        return switch operation {
        case .readHoldingRegisters, .readInputRegisters:
            read(range, spans)
        case .writeSingleRegister(_, let value):
            write([value], to: range, spans, with: .single)
        case .writeMultipleRegisters(_, let values):
            write(values, to: range, spans, with: .multiple)
        case .readCoils, .readDiscreteInputs, .writeSingleCoil:
            // No simulated wallbox has bits yet: it does not know these functions.
            .exception(.illegalFunction)
        }
    }

    /// Whether anybody is at home under a unit id now.
    package func answers(unit: UInt8) -> Bool {
        index.hasUnit(unit) && bootedAt == nil && !faults.isSilent
    }

    private func faultyReply(_ spans: [RegisterIndex.Span]) -> WallboxReply? {
        for fault in faults.registers where spans.contains(where: { $0.register == fault.register })
        {
            switch fault.kind {
            case .exception(let exception): return .exception(exception)
            case .silent: return .silence
            case .stuck, .words, .notANumber, .wordsSwapped: continue
            }
        }
        return nil
    }

    // MARK: - Reading

    private mutating func read(
        _ range: Range<Int>, _ spans: [RegisterIndex.Span]
    ) -> WallboxReply {
        if let refusal = index.refusal(reading: range, spans) { return .exception(refusal) }
        var image = Array(repeating: UInt16.zero, count: range.count)
        for span in spans where span.isReadable {
            // Slices of one register lie over each other, each with zeros around its bits.
            for (offset, word) in rememberedWords(of: span.register, span.element).enumerated() {
                let address = span.range.lowerBound + offset
                guard range.contains(address) else { continue }
                image[address - range.lowerBound] |= word
            }
        }
        if profile.heartbeat.kind == .anyRead { heardOf() }
        return .response(.registers(image))
    }

    // MARK: - Writing

    private mutating func write(
        _ words: [UInt16], to range: Range<Int>, _ spans: [RegisterIndex.Span],
        with function: WriteFunction
    ) -> WallboxReply {
        let spans = spans.filter { profile[$0.register].write != nil }
        guard spans.allSatisfy({ range.contains($0.range) && $0.element == 0 }),
            range.allSatisfy({ address in spans.contains { $0.range.contains(address) } })
        else { return .exception(.illegalDataAddress) }
        guard spans.allSatisfy({ profile[$0.register].write == function }) else {
            return .exception(.illegalFunction)
        }
        var effects: [WriteEffect] = []
        for span in spans {
            let offset = span.range.lowerBound - range.lowerBound
            let value = words[offset..<offset + span.range.count]
            switch effect(of: value, on: span.register) {
            case .success(let effect): effects.append(effect)
            case .failure(let exception): return .exception(exception)
            }
        }
        for span in spans { writeCounts[span.register.rawValue] += 1 }
        if isHeartbeat(words, at: range.lowerBound, spans) { heardOf() }
        for effect in effects { acknowledge(effect) }
        settle()
        return .response(.written)
    }

    private mutating func acknowledge(_ effect: WriteEffect) {
        switch faults.writes {
        case .obeyed: take(effect)
        case .ignored: break
        case .delayed(let delay):
            let due = now.advanced(by: delay)
            let place = pendingWrites.firstIndex { $0.due > due } ?? pendingWrites.endIndex
            pendingWrites.insert(PendingWrite(due: due, effect: effect), at: place)
        }
    }

    private func effect(
        of words: ArraySlice<UInt16>, on id: RegisterID
    ) -> Result<WriteEffect, ModbusException> {
        let role = controls.role(of: id)
        if role == .memory { return .success(.memory(id, Array(words))) }
        guard case .number(let canonical, let raw) = profile[id].decode(words) else {
            return .failure(.illegalDataValue)
        }
        let effect: WriteEffect? =
            switch role {
            case .setpoint: setpoint(canonical: canonical, raw: raw).map { .setpoint($0) }
            case .enable(let place): isOn(raw, place).map { .enable(place, isOn: $0) }
            case .failsafeCurrent:
                failsafeCurrent(canonical: canonical).map { .failsafeCurrent($0) }
            case .failsafeTimeout:
                canonical < 0 ? nil : .failsafeTimeout(.milliseconds(canonical))
            case .memory: nil
            }
        return effect.map { .success($0) } ?? .failure(.illegalDataValue)
    }

    /// The limit as the wallbox takes it; nil when it refuses it.
    private func setpoint(canonical: Int, raw: UInt64) -> Milliamperes? {
        if controls.offValues.contains(raw) { return .zero }
        if canonical == 0 { return controls.acceptsZero ? .zero : nil }
        guard canonical > 0 else { return nil }
        let control = profile.control
        guard canonical >= control.minimum.rawValue else {
            switch options.belowMinimum {
            case .refuse: return nil
            case .pause: return .zero
            case .raise: return control.minimum
            }
        }
        guard canonical <= control.maximum.rawValue || options.aboveMaximum == .clamp else {
            return nil
        }
        let taken = min(canonical, hardwareMaximum.rawValue)
        return Milliamperes(taken - taken % max(1, control.step.rawValue))
    }

    private func isOn(_ raw: UInt64, _ place: Int) -> Bool? {
        let control = controls.switches[place]
        if control.on.contains(raw) { return true }
        return control.off.contains(raw) ? false : nil
    }

    private func failsafeCurrent(canonical: Int) -> Milliamperes? {
        if canonical == 0 { return profile.failsafe?.acceptsZero == true ? .zero : nil }
        guard canonical >= Milliamperes.pilotMinimum.rawValue else { return nil }
        let maximum = profile.control.maximum.rawValue
        guard canonical <= maximum || options.aboveMaximum == .clamp else { return nil }
        return Milliamperes(min(canonical, maximum))
    }

    // MARK: - Heartbeat

    private func isHeartbeat(
        _ words: [UInt16], at start: Int, _ spans: [RegisterIndex.Span]
    ) -> Bool {
        switch profile.heartbeat.kind {
        case .none: return false
        case .anyRead: return true
        case .rewriteSetpoint:
            return spans.contains { span in
                switch controls.role(of: span.register) {
                case .setpoint, .enable: true
                case .failsafeCurrent, .failsafeTimeout, .memory: false
                }
            }
        case .rewriteFailsafeTimeout:
            return spans.contains { $0.register == profile.failsafe?.timeout }
        case .write(let register, let wanted):
            return spans.contains { span in
                let offset = span.range.lowerBound - start
                let value = profile[span.register].decode(
                    words[offset..<offset + span.range.count])
                guard span.register == register, case .number(_, wanted) = value else {
                    return false
                }
                return true
            }
        }
    }

    private mutating func heardOf() {
        let wasActive = watch.isActive
        watch.heartbeat(at: now)
        if wasActive { settle() }
    }
}

extension ModbusOperation {
    var space: RegisterSpace {
        switch self {
        case .readInputRegisters: .input
        case .readHoldingRegisters, .writeSingleRegister, .writeMultipleRegisters: .holding
        case .readCoils, .writeSingleCoil: .coil
        case .readDiscreteInputs: .discrete
        }
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        lowerBound <= other.lowerBound && other.upperBound <= upperBound
    }
}
