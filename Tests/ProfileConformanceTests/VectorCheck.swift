import ChargeModel
import DeviceProfiles
import Modbus

/// Holds a profile against vectors. It gives failures as sentences instead of recording them, so
/// that a test can show that a wrong profile does fail.
struct VectorCheck {
    private let profile: DeviceProfile
    private let vectors: ProfileVectors

    init(_ profile: DeviceProfile, _ vectors: ProfileVectors) {
        self.profile = profile
        self.vectors = vectors
    }

    var failures: [String] {
        vectors.registers.flatMap(failures) + vectors.state.compactMap(failure)
            + vectors.commands.compactMap(failure)
    }

    // MARK: - Registers

    private func failures(_ vector: RegisterVector) -> [String] {
        let place = "\(vector.name) \(vector.element ?? 0), answer \(vector.answer)"
        guard let id = profile.register(named: vector.name) else {
            return ["\(place): no such register"]
        }
        let register = profile[id]
        guard let words = VectorSyntax.words(vector.answer), words.count == register.width else {
            return ["\(place): it takes \(register.width) words"]
        }
        let request = hex(unit: register.unit, readOperation(register, vector.element ?? 0))
        let expected = VectorSyntax.bytes(vector.read).map(hex)
        var failures: [String] = []
        if request != expected { failures.append("\(place): read by \(request)") }
        let value = register.decode(words[...])
        if !matches(value, vector, register) { failures.append("\(place): it is \(value)") }
        // The simulator's face: what was decoded is encoded as the same words.
        if vector.absent == nil, vector.rounded == nil, encode(value, register) != words {
            failures.append("\(place): it does not encode to the same words")
        }
        return failures
    }

    private func readOperation(_ register: Register, _ element: Int) -> ModbusOperation {
        let (address, count) = (register.address(ofElement: element), UInt16(register.width))
        return switch register.space {
        case .holding: .readHoldingRegisters(address: address, count: count)
        case .input: .readInputRegisters(address: address, count: count)
        case .coil: .readCoils(address: address, count: count)
        case .discrete: .readDiscreteInputs(address: address, count: count)
        }
    }

    private func matches(
        _ value: DecodedValue, _ vector: RegisterVector, _ register: Register
    ) -> Bool {
        switch value {
        case .number(let canonical, _):
            if let named = vector.named { return register.name(of: value) == named }
            return vector.is.flatMap(VectorSyntax.canonical) == canonical
        case .text(let text): return text == vector.text
        case .unavailable(.notAvailable): return vector.absent == "not-available"
        case .unavailable(.implausible): return vector.absent == "implausible"
        case .unavailable: return false
        }
    }

    private func encode(_ value: DecodedValue, _ register: Register) -> [UInt16]? {
        switch value {
        case .number(let canonical, _):
            register.encode(canonical: canonical, rounding: .nearest)
        case .text(let text): register.encode(text: text)
        case .unavailable: nil
        }
    }

    // MARK: - States

    private func failure(_ row: [String: String]) -> String? {
        let decoded = Self.pilotState(row, profile)
        let expected = row["is"] ?? ""
        guard decoded != expected else { return nil }
        return "state \(row.sorted { $0.key < $1.key }): it is \(decoded)"
    }

    /// The state that the rules make of a row: `none` when no rule holds.
    static func pilotState(_ row: [String: String], _ profile: DeviceProfile) -> String {
        guard let values = values(row, profile) else { return "a wrong row" }
        return switch profile.pilotState(values) {
        case .state(let state): state.rawValue
        case .absent(.implausible): "none"
        case .absent(let absence): "absent: \(absence.rawValue)"
        }
    }

    /// The values of the registers of a row; nil when it names what is not there.
    static func values(_ row: [String: String], _ profile: DeviceProfile) -> RegisterValues? {
        var values = RegisterValues(profile)
        for (name, text) in row where name != "is" {
            guard let id = profile.register(named: name), let words = VectorSyntax.words(text),
                words.count == profile[id].width
            else { return nil }
            values[id] = profile[id].decode(words[...])
        }
        return values
    }

    // MARK: - Commands

    private func failure(_ vector: CommandVector) -> String? {
        let frames = frames(vector)
        let expected = vector.frames.map { VectorSyntax.bytes($0).map(hex) ?? $0 }
        guard frames != expected else { return nil }
        return "\(vector.name) \(vector.current) mA: the frames are \(frames)"
    }

    private func frames(_ vector: CommandVector) -> [String] {
        let limit = Milliamperes(vector.current)
        let operations =
            switch vector.name {
            case "charge": profile.operations(for: profile.control.charge, limit: limit)
            case "limit": profile.operations(for: profile.control.limit, limit: limit)
            case "idle": profile.operations(for: profile.control.idle, limit: .zero)
            case "heartbeat": profile.heartbeatOperations(limit: limit)
            case "failsafe": profile.failsafeOperations(current: limit)
            default: [CommandOperation]()
            }
        return operations.map(frame)
    }

    private func frame(_ operation: CommandOperation) -> String {
        switch operation {
        case .write(let unit, let operation): hex(unit: unit, operation)
        case .wait(let duration): "wait \(duration.milliseconds)ms"
        case .modify(let register, let set, let clear):
            "modify \(profile[register].name) set \(set) clear \(clear)"
        case .waitUntil(let conditions, let bound):
            "until \(names(conditions)) within \(bound.milliseconds)ms"
        case .when(let conditions, let operations):
            "if \(names(conditions)): \(operations.map(frame).joined(separator: ", "))"
        }
    }

    private func names(_ conditions: [RegisterCondition]) -> String {
        conditions.map { profile[$0.register].name }.joined(separator: " and ")
    }

    // MARK: - Bytes

    private func hex(unit: RegisterUnit, _ operation: ModbusOperation) -> String {
        hex([unit.resolved(charger: profile.link.unit)] + PDU.encode(operation))
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0, radix: 16, uppercase: true) }
            .map { $0.count == 1 ? "0\($0)" : $0 }.joined(separator: " ")
    }
}
