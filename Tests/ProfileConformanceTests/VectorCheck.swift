import ChargeModel
import DeviceProfiles
import Modbus

/// Holds a profile against vectors. It gives failures as sentences instead of recording them, so
/// that a test can show that a wrong profile does fail.
struct VectorCheck {
    private let profile: DeviceProfile
    private let vectors: ProfileVectors
    /// The profile of each connector.
    private let connectors: [DeviceProfile]

    init(_ profile: DeviceProfile, _ vectors: ProfileVectors) {
        self.profile = profile
        self.vectors = vectors
        connectors = (1...profile.connectorCount).map { profile.selecting(connector: $0) }
    }

    var failures: [String] {
        vectors.registers.flatMap(failures) + (vectors.gates ?? []).compactMap(gateFailure)
            + vectors.state.compactMap(failure) + vectors.commands.compactMap(failure)
            + (vectors.denied ?? []).compactMap(deniedFailure) + identityFailures
    }

    private func profile(of connector: Int?) -> DeviceProfile? {
        let connector = connector ?? 1
        return connectors.indices.contains(connector - 1) ? connectors[connector - 1] : nil
    }

    // MARK: - Registers

    private func failures(_ vector: RegisterVector) -> [String] {
        let place = "\(vector.name) \(vector.element ?? 0), answer \(vector.answer)"
        guard let profile = profile(of: vector.connector) else {
            return ["\(place): no connector \(vector.connector ?? 1)"]
        }
        guard let id = profile.register(named: vector.name) else {
            return ["\(place): no such register"]
        }
        let register = profile[id]
        guard (0..<register.count).contains(vector.element ?? 0) else {
            return ["\(place): it has \(register.count) elements"]
        }
        guard let words = register.words(ofVector: vector.answer) else {
            return ["\(place): it takes \(register.width) words, a bit one byte"]
        }
        var failures: [String] = []
        let request = VectorSyntax.hex(
            [register.unit.resolved(charger: profile.link.unit)]
                + PDU.encode(register.readOperation(element: vector.element ?? 0)))
        if request != VectorSyntax.frame(vector.read) {
            failures.append("\(place): read by \(request)")
        }
        let value = register.decode(words[...])
        if !matches(value, vector, register, words) { failures.append("\(place): it is \(value)") }
        // The simulator's face: what was decoded is encoded as the same words.
        if vector.absent == nil, vector.rounded == nil, vector.off == nil,
            encode(value, register) != words
        {
            failures.append("\(place): it does not encode to the same words")
        }
        return failures
    }

    private func matches(
        _ value: DecodedValue, _ vector: RegisterVector, _ register: Register, _ words: [UInt16]
    ) -> Bool {
        if vector.off != nil {
            return profile.control.offValues.contains { register.encode(raw: $0) == words }
        }
        switch value {
        case .number(let canonical, _):
            if let named = vector.named { return register.name(of: value) == named }
            if let version = vector.version { return VectorSyntax.version(version) == canonical }
            return vector.is.flatMap(VectorSyntax.canonical) == canonical
        case .text(let text):
            if let named = vector.named { return register.name(of: value) == named }
            return text == vector.text
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

    // MARK: - Gates

    private func gateFailure(_ row: [String: String]) -> String? {
        let name = row["register"] ?? ""
        let place = "gate of \(name)"
        guard let id = profile.register(named: name) else { return "\(place): no such register" }
        let words = row.filter { $0.key != "register" && $0.key != "is" }
        guard let values = Self.values(words, profile) else { return "\(place): a wrong row" }
        let isThere = profile[id].gate.allSatisfy { $0.holds(values) }
        return row["is"] == (isThere ? "there" : "missing")
            ? nil : "\(place): it is \(isThere ? "there" : "missing")"
    }

    // MARK: - States

    private func failure(_ row: [String: String]) -> String? {
        let decoded = pilotState(row)
        let expected = row["is"] ?? ""
        guard decoded != expected else { return nil }
        return "state \(row.sorted { $0.key < $1.key }): it is \(decoded)"
    }

    /// The state that the rules make of a row: `none` when no rule holds.
    private func pilotState(_ row: [String: String]) -> String {
        guard let profile = profile(of: row["connector"].flatMap { Int($0) }),
            let values = Self.values(row, profile)
        else { return "a wrong row" }
        return switch profile.pilotState(values) {
        case .state(let state): state.rawValue
        case .absent(.implausible): "none"
        case .absent(let absence): "absent: \(absence.rawValue)"
        }
    }

    /// The values of the registers of a row; nil when it names what is not there.
    static func values(_ row: [String: String], _ profile: DeviceProfile) -> RegisterValues? {
        var values = RegisterValues(profile)
        for (name, text) in row where name != "is" && name != "connector" {
            guard let id = profile.register(named: name) else { return nil }
            guard text != "missing" else {
                values[id] = .unavailable(.notProvided)
                continue
            }
            guard let words = profile[id].words(ofVector: text) else { return nil }
            values[id] = profile[id].decode(words[...])
        }
        return values
    }

    // MARK: - Commands

    private func failure(_ vector: CommandVector) -> String? {
        let place = "\(vector.name) \(vector.current) mA"
        guard let profile = profile(of: vector.connector) else {
            return "\(place): no connector \(vector.connector ?? 1)"
        }
        guard let frames = VectorFrames(profile, vector) else {
            return "\(place): 'given' names what is not there"
        }
        let found = frames.all
        guard found != vector.frames.map(VectorSyntax.frame) else { return nil }
        return "\(place), \(frames.phases) phases: the frames are \(found)"
    }

    // MARK: - What must not be, and who it is

    private func deniedFailure(_ text: String) -> String? {
        guard let bytes = VectorSyntax.bytes(text), bytes.count > 1,
            case .success(let operation) = PDU.decodeRequest(Array(bytes.dropFirst()))
        else { return "denied \(text): no frame of a write" }
        return profile.denies(operation) ? nil : "denied \(text): it is allowed"
    }

    private var identityFailures: [String] {
        profile.identity.compactMap { rule in
            let register = profile[rule.register]
            let isMet = vectors.registers.contains { vector in
                guard vector.name == register.name,
                    let words = register.words(ofVector: vector.answer)
                else { return false }
                return rule.match.accepts(register.decode(words[...]))
            }
            return isMet ? nil : "identity: no row of \(register.name) is accepted"
        }
    }
}

extension Register {
    /// The words that a vector has for a value, one byte for a bit; nil when there are more or less.
    func words(ofVector text: String) -> [UInt16]? {
        if type == .bit { return VectorSyntax.bit(text) }
        return VectorSyntax.words(text).flatMap { $0.count == width ? $0 : nil }
    }

    /// The request that reads one value.
    func readOperation(element: Int) -> ModbusOperation {
        let (address, count) = (address(ofElement: element), UInt16(width))
        return switch space {
        case .holding: .readHoldingRegisters(address: address, count: count)
        case .input: .readInputRegisters(address: address, count: count)
        case .coil: .readCoils(address: address, count: count)
        case .discrete: .readDiscreteInputs(address: address, count: count)
        }
    }
}

extension RegisterCondition {
    /// Whether it holds; what is not there fulfils nothing.
    func holds(_ values: RegisterValues) -> Bool {
        values[register].map(test.holds) ?? false
    }
}

extension IdentityRule.Match {
    fileprivate func accepts(_ value: DecodedValue) -> Bool {
        switch (self, value) {
        case (.equals(let raws), .number(_, let raw)): raws.contains(raw)
        case (.range(let range), .number(let canonical, _)): range.contains(canonical)
        case (.prefix(let texts), .text(let text)):
            texts.contains { text.lowercased().hasPrefix($0.lowercased()) }
        default: false
        }
    }
}
