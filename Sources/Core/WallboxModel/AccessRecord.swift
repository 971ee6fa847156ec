import ChargeModel
import DeviceProfiles
import Modbus

/// One access to one register, in the words of the profile: a line of the simulator's log.
package struct AccessRecord: Hashable, Sendable {
    package var instant: MonotonicInstant
    package var isWrite: Bool
    /// The register's name in the profile, with the number of the phase for arrays; nil for
    /// addresses that the profile does not know.
    package var name: String?
    package var register: RegisterID?
    package var unit: UInt8
    package var address: UInt16
    /// What was written, or what a read was answered with; empty for a refused read.
    package var words: [UInt16]
    /// The words as a value; nil when there are none or the address is unknown.
    package var value: DecodedValue?
    package var quantity: MeasuredQuantity?
    /// Whether limits are in watts.
    package var isPower = false
    package var outcome: Outcome

    package enum Outcome: Hashable, Sendable {
        case done
        case refused(ModbusException)
        case unanswered
    }
}

extension SimulatedWallbox {
    /// What a request and its answer come to, register by register.
    package func accesses(
        _ request: ModbusRequest, answered reply: WallboxReply, at instant: MonotonicInstant
    ) -> [AccessRecord] {
        let operation = request.operation
        let start = Int(operation.address)
        let range = start..<start + operation.count
        let words = operation.words(answered: reply)
        let spans = index.spans(unit: request.unit, space: operation.space, touching: range)
            .filter { operation.isWrite ? profile[$0.register].write != nil : $0.isReadable }
        guard !spans.isEmpty else {
            return [
                AccessRecord(
                    instant: instant, isWrite: operation.isWrite, unit: request.unit,
                    address: operation.address, words: words, outcome: reply.outcome)
            ]
        }
        return spans.map { span in
            let register = profile[span.register]
            let lower = max(span.range.lowerBound, start) - start
            let upper = min(span.range.upperBound, range.upperBound) - start
            let part = words.isEmpty ? [] : Array(words[lower..<upper])
            return AccessRecord(
                instant: instant, isWrite: operation.isWrite,
                name: register.count > 1 ? "\(register.name) L\(span.element + 1)" : register.name,
                register: span.register, unit: request.unit,
                address: UInt16(span.range.lowerBound), words: part,
                value: part.count == register.width ? register.decode(part[...]) : nil,
                quantity: quantity(of: span.register), isPower: isSetInWatts,
                outcome: reply.outcome)
        }
    }

    private var isSetInWatts: Bool {
        if case .power = profile.control.domain { true } else { false }
    }

    private func quantity(of id: RegisterID) -> MeasuredQuantity? {
        switch sources[id.rawValue] {
        case .setpoint, .limit: .setpoint
        case .quantity(let quantity): quantity
        case .mirror(let other): quantity(of: other)
        case .enable, .isEnabled, .face, .isArmed, .isDone, .isSwitched, .memory: nil
        }
    }
}

extension AccessRecord: CustomStringConvertible {
    /// Such as "write setpoint 10 A (register 261 := 100)".
    package var description: String {
        var parts = [isWrite ? "write" : "read"]
        if let name { parts.append(name) }
        if let value { parts.append(text(of: value)) }
        let values = words.map { "\($0)" }.joined(separator: " ")
        let place = name == nil ? "register \(address), unit \(unit)" : "register \(address)"
        switch (isWrite, values.isEmpty) {
        case (_, true): parts.append("(\(place))")
        case (true, false): parts.append("(\(place) := \(values))")
        case (false, false): parts.append("(\(place) = \(values))")
        }
        switch outcome {
        case .done: break
        case .refused(let exception): parts.append("refused: \(exception)")
        case .unanswered: parts.append("not answered")
        }
        return parts.joined(separator: " ")
    }

    private func text(of value: DecodedValue) -> String {
        switch value {
        case .text(let text): "\"\(text)\""
        case .unavailable(let absence): "(\(absence.rawValue))"
        case .number(let canonical, _):
            quantity.map { $0.wording(ofCanonical: canonical, isPower: isPower) }
                ?? "\(canonical)"
        }
    }
}

extension ModbusOperation {
    fileprivate func words(answered reply: WallboxReply) -> [UInt16] {
        switch (self, reply) {
        case (.writeSingleCoil(_, let isOn), _): [isOn ? 1 : 0]
        case (.writeSingleRegister(_, let value), _): [value]
        case (.writeMultipleRegisters(_, let values), _): values
        case (_, .response(.registers(let words))): words
        case (_, .response(.bits(let bits))): bits.map { $0 ? 1 : 0 }
        default: []
        }
    }
}

extension WallboxReply {
    fileprivate var outcome: AccessRecord.Outcome {
        switch self {
        case .response: .done
        case .exception(let exception): .refused(exception)
        case .silence: .unanswered
        }
    }
}
