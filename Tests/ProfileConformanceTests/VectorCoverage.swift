import ChargeModel
import DeviceProfiles
import Modbus

/// What a vector file leaves out of its profile.
struct VectorCoverage {
    private let profile: DeviceProfile
    private let vectors: ProfileVectors

    init(_ profile: DeviceProfile, _ vectors: ProfileVectors) {
        self.profile = profile
        self.vectors = vectors
    }

    var gaps: [String] {
        profile.registers.flatMap { $0.isReadable ? readGaps($0) : writeGaps($0) }
            + profile.registers.flatMap(gateGaps) + offGaps + stateGaps + commandGaps + deniedGaps
    }

    // MARK: - Registers

    /// Every element, every named value, every entry of a table and every sentinel has been read,
    /// and what moves from connector to connector at a second one.
    private func readGaps(_ register: Register) -> [String] {
        let vectors = vectors.registers.filter { $0.name == register.name }
        var gaps: [String] = []
        for element in 0..<register.count
        where !vectors.contains(where: { ($0.element ?? 0) == element && $0.absent == nil }) {
            gaps.append("\(register.name) \(element) has no vector")
        }
        for named in register.names where !vectors.contains(where: { $0.named == named.name }) {
            gaps.append("\(register.name) has no vector for '\(named.name)'")
        }
        let present = vectors.filter { $0.absent == nil }.compactMap {
            register.words(ofVector: $0.answer)
        }
        for entry in register.table
        where !present.contains(where: { $0 == register.encode(raw: entry.raw) }) {
            gaps.append("\(register.name) has no vector for \(entry.raw) of its table")
        }
        if register.hasGapInTable, !vectors.contains(where: { $0.absent == "implausible" }) {
            gaps.append("\(register.name) has no vector for what is not in its table")
        }
        let absent = vectors.filter { $0.absent != nil }.compactMap {
            register.words(ofVector: $0.answer)
        }
        for raw in register.invalid
        where !absent.contains(where: { $0 == register.encode(raw: raw) }) {
            gaps.append("\(register.name) has no vector for the sentinel \(raw)")
        }
        if moves(register), !vectors.contains(where: { ($0.connector ?? 1) > 1 }) {
            gaps.append("\(register.name) has no vector for a second connector")
        }
        return gaps
    }

    private func moves(_ register: Register) -> Bool {
        guard let connectors = profile.connectors else { return false }
        let hasOwnUnit = register.unit == .charger && !connectors.units.isEmpty
        return register.connectorStride != 0 || register.connectorShift != 0 || hasOwnUnit
    }

    /// Every write-only register has been written, with each of its named values.
    private func writeGaps(_ register: Register) -> [String] {
        let written = vectors.commands.flatMap(\.frames).compactMap(VectorSyntax.bytes)
            .compactMap { register.words(writtenBy: $0) }
        guard !written.isEmpty else { return ["nothing writes \(register.name)"] }
        return register.names.compactMap { named in
            let words = register.encode(named.raw)
            return written.contains { $0 == words }
                ? nil : "\(register.name) has no vector for '\(named.name)'"
        }
    }

    private func gateGaps(_ register: Register) -> [String] {
        guard !register.gate.isEmpty else { return [] }
        let rows = (vectors.gates ?? []).filter { $0["register"] == register.name }
        let outcomes: [String] = ["there", "missing"]
        return outcomes.filter { outcome in !rows.contains { $0["is"] == outcome } }
            .map { "no row of 'gates' says when \(register.name) is \($0)" }
    }

    private var offGaps: [String] {
        guard let readBack = profile.control.readBack else { return [] }
        let register = profile[readBack]
        let offs = vectors.registers.filter { $0.name == register.name && $0.off != nil }
            .compactMap { register.words(ofVector: $0.answer) }
        return profile.control.offValues.filter { raw in
            !offs.contains { $0 == register.encode(raw: raw) }
        }
        .map { "\(register.name) has no vector for \($0), which means off" }
    }

    private var deniedGaps: [String] {
        let operations = (vectors.denied ?? []).compactMap(VectorSyntax.bytes)
            .compactMap { frame -> ModbusOperation? in
                guard case .success(let operation) = PDU.decodeRequest(Array(frame.dropFirst()))
                else { return nil }
                return operation
            }
        return profile.denied.indices.filter { index in
            var only = profile
            only.denied = [profile.denied[index]]
            return !operations.contains { only.denies($0) }
        }.map { "no frame of 'denied' is refused by entry \($0 + 1) of 'deny'" }
    }

    // MARK: - States

    /// Every rule is the first to hold for some row, and every value in it is met.
    private var stateGaps: [String] {
        let rows = vectors.state.compactMap { VectorCheck.values($0, profile) }
        var gaps = rows.count == vectors.state.count ? [] : ["a row names no register"]
        for (index, rule) in profile.stateRules.enumerated() {
            let hits = rows.filter { row in
                profile.stateRules.firstIndex { $0.holdsWith(row) } == index
            }
            if hits.isEmpty { gaps.append("state rule \(index + 1) is met by no row") }
            for condition in rule.conditions {
                gaps += condition.alternatives.filter { alternative in
                    !hits.contains { row in
                        row[condition.register].map(alternative.holds) ?? false
                    }
                }.map { "state rule \(index + 1) has no row for \($0)" }
            }
        }
        if !vectors.state.contains(where: { $0["is"] == "none" }), canBeUnknown {
            gaps.append("no row has an unknown state")
        }
        return gaps
    }

    /// Whether there are words that no rule knows: tried with small, large and random ones.
    private var canBeUnknown: Bool {
        var random = SeededRandom(seed: 0x9E37)
        let registers = profile.stateRules.flatMap(\.conditions).map(\.register)
        for _ in 0..<2_000 {
            var values = RegisterValues(profile)
            for id in registers {
                let register = profile[id]
                let words = (0..<register.width).map { _ in
                    Bool.random(using: &random)
                        ? UInt16.random(in: 0...32, using: &random)
                        : UInt16.random(in: 0...UInt16.max, using: &random)
                }
                values[id] = register.decode(
                    (register.type == .bit ? words.map { $0 & 1 } : words)[...])
            }
            if case .absent(.implausible) = profile.pilotState(values) { return true }
        }
        return false
    }

    // MARK: - Commands

    private var commandGaps: [String] {
        let control = profile.control
        var commands = ["charge", "limit", "idle", "heartbeat"]
        if profile.failsafe != nil { commands.append("failsafe") }
        if !control.onConnect.isEmpty { commands.append("on-connect") }
        if !control.onDisconnect.isEmpty { commands.append("on-disconnect") }
        if !control.wakeUp.isEmpty { commands.append("wake-up") }
        if control.phaseSwitch != nil { commands += ["phase-switch 1", "phase-switch 3"] }
        let given = vectors.commands.map(\.name)
        var gaps = commands.filter { !given.contains($0) }.map { "the command \($0) has no vector" }
        if case .power = control.domain {
            for phases in [1, profile.electrical.phases]
            where !vectors.commands.contains(where: { $0.name == "limit" && $0.phases == phases }) {
                gaps.append("the command limit has no vector for \(phases) phases")
            }
        }
        if moves(profile[control.setpoint]),
            !vectors.commands.contains(where: { ($0.connector ?? 1) > 1 && $0.name == "limit" })
        {
            gaps.append("the command limit has no vector for a second connector")
        }
        return gaps
    }
}

extension StateRule {
    fileprivate func holdsWith(_ values: RegisterValues) -> Bool {
        conditions.allSatisfy { $0.holds(values) }
    }
}

extension RegisterCondition {
    /// One test for each value that it accepts.
    var alternatives: [Test] {
        switch test {
        case .oneOf(let values): values.map { .oneOf([$0]) }
        case .text(let texts): texts.map { .text([$0]) }
        case .allBitsSet, .noBitSet, .range: [test]
        }
    }
}

extension Register {
    /// Whether there are raw values that its table does not have.
    fileprivate var hasGapInTable: Bool {
        let largest = bits.map { $0.mask >> UInt64($0.shift) } ?? type.largestPattern
        return !table.isEmpty && UInt64(table.count) <= largest
    }

    /// The words that a frame writes to this register; nil when it writes something else.
    fileprivate func words(writtenBy frame: [UInt8]) -> [UInt16]? {
        guard frame.count > 1,
            case .success(let operation) = PDU.decodeRequest(Array(frame.dropFirst()))
        else { return nil }
        switch operation {
        case .writeSingleCoil(address, let isOn): return space == .coil ? [isOn ? 1 : 0] : nil
        case .writeSingleRegister(address, let word):
            return space != .coil && width == 1 ? [word] : nil
        case .writeMultipleRegisters(address, let words):
            return space != .coil && width == words.count ? words : nil
        default: return nil
        }
    }
}
