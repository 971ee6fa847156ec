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
    /// Refuses with exception 1 a write with the function that the profile does not name and bits
    /// where there are none, with 2
    /// what cannot be read or written in one piece and what the profile forbids, and with 3 values
    /// and lengths that the wallbox does not take. What is not in the map gets the answer that the
    /// manners of the profile say. A unit that is not in the map gets no answer.
    package mutating func respond(
        to request: ModbusRequest, at instant: MonotonicInstant
    ) -> WallboxReply {
        advance(to: instant)
        guard answers(unit: request.unit) else { return .silence }
        guard isListening() else { return .silence }
        if let exception = faults.exception { return .exception(exception) }
        let operation = request.operation
        if operation.isWrite, profile.forbids(operation) {
            deniedWrites += 1
            return .exception(.illegalDataAddress)
        }
        let start = Int(operation.address)
        let range = start..<start + operation.count
        guard range.upperBound <= 0x10000 else { return .exception(.illegalDataAddress) }
        guard index.hasSpace(operation.space, unit: request.unit) else {
            return .exception(.illegalFunction)
        }
        let spans = index.spans(unit: request.unit, space: operation.space, touching: range)
        if let reply = faultyReply(spans) { return reply }
        return switch operation {
        case .readCoils, .readDiscreteInputs:
            read(range, spans) { .bits($0.map { $0 != 0 }) }
        case .readHoldingRegisters, .readInputRegisters:
            read(range, spans) { .registers($0) }
        case .writeSingleCoil(_, let isOn):
            write([isOn ? 1 : 0], to: range, spans, with: .single)
        case .writeSingleRegister(_, let value):
            write([value], to: range, spans, with: .single)
        case .writeMultipleRegisters(_, let values):
            write(values, to: range, spans, with: .multiple)
        }
    }

    /// A controller has opened a connection: a wallbox that needs a moment listens after it.
    package mutating func connectionOpened(at instant: MonotonicInstant) {
        advance(to: instant)
        guard options.keepsRequestGap else { return }
        quietUntil = now.advanced(by: profile.link.delayAfterConnect)
    }

    /// Whether requests to this unit are meant for it, whether it answers just now or not.
    package func hasUnit(_ unit: UInt8) -> Bool { index.hasUnit(unit) }

    /// Whether anybody is at home under a unit id now.
    package func answers(unit: UInt8) -> Bool {
        index.hasUnit(unit) && bootedAt == nil && !faults.isSilent
    }

    /// Whether a request has left it the time that it needs; the next has to leave it as much again.
    private mutating func isListening() -> Bool {
        guard options.keepsRequestGap else { return true }
        let due = quietUntil ?? now
        quietUntil = max(due, now.advanced(by: profile.link.requestGap))
        return now >= due
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

    /// What a request for something that is not there comes to.
    private var unknownReply: WallboxReply {
        switch profile.manners.unknownRegister {
        case .silence: .silence
        case .exception(let code): .exception(ModbusException(rawValue: code))
        }
    }

    // MARK: - Reading

    private mutating func read(
        _ range: Range<Int>, _ spans: [RegisterIndex.Span],
        _ response: ([UInt16]) -> ModbusResponse
    ) -> WallboxReply {
        switch index.refusal(reading: range, spans) {
        case .tooLong: return .exception(.illegalDataValue)
        case .scattered: return .exception(.illegalDataAddress)
        case .unknown: return unknownReply
        case nil: break
        }
        var image = Array(repeating: UInt16.zero, count: range.count)
        for span in spans where span.isReadable {
            // Slices of one register lie over each other, each with zeros around its bits.
            for (offset, word) in rememberedWords(of: span.register, span.element).enumerated() {
                let address = span.range.lowerBound + offset
                guard range.contains(address) else { continue }
                image[address - range.lowerBound] |= word
            }
        }
        heard(signsOfReading)
        return .response(response(image))
    }

    // MARK: - Writing

    private mutating func write(
        _ words: [UInt16], to range: Range<Int>, _ spans: [RegisterIndex.Span],
        with function: WriteFunction
    ) -> WallboxReply {
        guard !spans.isEmpty else { return unknownReply }
        let spans = spans.filter { profile[$0.register].write != nil }
        guard spans.allSatisfy({ range.contains($0.range) && $0.element == 0 }),
            range.allSatisfy({ address in spans.contains { $0.range.contains(address) } })
        else { return .exception(.illegalDataAddress) }
        guard spans.allSatisfy({ profile[$0.register].write == function }) else {
            return .exception(.illegalFunction)
        }
        var writes: [PendingWrite] = []
        for span in spans {
            let offset = span.range.lowerBound - range.lowerBound
            let value = words[offset..<offset + span.range.count]
            switch effect(of: value, on: span.register) {
            case .success(let effect):
                writes.append(
                    PendingWrite(
                        due: now, register: span.register,
                        raw: profile[span.register].raw(of: value) ?? 0, effect: effect))
            case .failure(let exception): return .exception(exception)
            }
        }
        for span in spans { writeCounts[span.register.rawValue] += 1 }
        heard(signsOfLife(words, at: range.lowerBound, spans))
        for write in writes { acknowledge(write) }
        settle()
        return .response(.written)
    }

    private mutating func acknowledge(_ write: PendingWrite) {
        var write = write
        switch faults.writes {
        case .obeyed: break
        case .ignored: return
        case .delayed(let delay): write.due = now.advanced(by: delay)
        }
        // One after the other, also those that come when it is slow no longer.
        write.due = max(write.due, pendingWrites.last?.due ?? now)
        if write.due > now {
            pendingWrites.append(write)
        } else {
            take(write)
        }
    }
}

extension DeviceProfile {
    /// Whether a write touches what must never be written.
    fileprivate func forbids(_ operation: ModbusOperation) -> Bool {
        denied.contains { denied in
            operation.values.enumerated().contains { offset, value in
                denied.space == operation.space
                    && denied.addresses.contains(operation.address &+ UInt16(offset))
                    && (denied.value.map { $0 == value } ?? true)
            }
        }
    }
}

extension ModbusOperation {
    var space: RegisterSpace {
        switch self {
        case .readCoils, .writeSingleCoil: .coil
        case .readDiscreteInputs: .discrete
        case .readInputRegisters: .input
        case .readHoldingRegisters, .writeSingleRegister, .writeMultipleRegisters: .holding
        }
    }

    /// What a write carries, one word for each address.
    fileprivate var values: [UInt16] {
        switch self {
        case .writeSingleCoil(_, let isOn): [isOn ? 1 : 0]
        case .writeSingleRegister(_, let value): [value]
        case .writeMultipleRegisters(_, let values): values
        case .readCoils, .readDiscreteInputs, .readHoldingRegisters, .readInputRegisters: []
        }
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        lowerBound <= other.lowerBound && other.upperBound <= upperBound
    }
}
