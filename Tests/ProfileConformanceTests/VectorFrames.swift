import ChargeModel
import DeviceProfiles
import Modbus

/// The frames of one command, carried out on a wallbox that holds what the vector gives.
struct VectorFrames {
    private let profile: DeviceProfile
    private let vector: CommandVector
    private let given: RegisterValues
    let phases: Int

    /// nil when the vector gives what is not there.
    init?(_ profile: DeviceProfile, _ vector: CommandVector) {
        guard let given = VectorCheck.values(vector.given ?? [:], profile) else { return nil }
        self.profile = profile
        self.vector = vector
        self.given = given
        phases = vector.phases ?? profile.electrical.phases
    }

    private var limit: Milliamperes { Milliamperes(vector.current) }

    var all: [String] {
        let control = profile.control
        return switch vector.name {
        case "charge": frames(control.charge)
        case "limit": frames(control.limit)
        case "idle": frames(control.idle)
        case "heartbeat": ([profile.heartbeat.kind] + profile.heartbeat.further).flatMap(frames)
        case "failsafe": failsafeFrames
        case "on-connect": frames(control.onConnect)
        case "on-disconnect": frames(control.onDisconnect)
        case "wake-up": frames(control.wakeUp)
        case "phase-switch 1": frames(control.phaseSwitch?.toOne ?? [])
        case "phase-switch 3": frames(control.phaseSwitch?.toThree ?? [])
        default: ["there is no such command"]
        }
    }

    private func frames(_ kind: Heartbeat.Kind) -> [String] {
        guard kind == .rewriteSetpoint else {
            return frames(profile.heartbeatOperations(of: kind, limit: limit, phases: phases))
        }
        let isOff = profile.isOff(limit, phases: phases)
        return frames(isOff ? profile.control.idle : profile.control.limit)
    }

    private var failsafeFrames: [String] {
        guard let failsafe = profile.failsafe else { return [] }
        guard limit > .zero || failsafe.acceptsZero else { return ["it takes no 0 A"] }
        var unarmed = profile
        unarmed.failsafe?.arm = []
        if let current = failsafe.current, !isThere(current) { unarmed.failsafe?.current = nil }
        if let timeout = failsafe.timeout, !isThere(timeout) { unarmed.failsafe?.timeout = nil }
        return frames(unarmed.failsafeOperations(current: limit, phases: phases))
            + frames(failsafe.arm)
    }

    // MARK: - Steps

    private func frames(_ steps: [CommandStep]) -> [String] { steps.flatMap(frames) }

    private func frames(_ step: CommandStep) -> [String] {
        switch step {
        case .write(let register, let value):
            guard isThere(register) else { return [] }
            guard value != .limit || !profile.isOff(limit, phases: phases) else {
                return ["\(limit) is a pause"]
            }
            return frames(profile.operations(for: [step], limit: limit, phases: phases))
        case .wait:
            return frames(profile.operations(for: [step], limit: limit, phases: phases))
        case .modify(let id, let set, let clear):
            let read = hex(profile[id].unit, profile[id].readOperation(element: 0))
            guard case .number(_, let raw) = given[id] else {
                return [read, "'given' does not say what \(profile[id].name) holds"]
            }
            return [read] + frames([profile.write(raw: raw & ~clear | set, to: id)])
        case .waitUntil(let conditions, let bound):
            let parts = conditions.map(text).joined(separator: " and ")
            return ["until \(parts) within \(bound.milliseconds)ms"]
        case .when(let conditions, let steps):
            return conditions.allSatisfy { $0.holds(given) } ? frames(steps) : []
        }
    }

    /// What the vector says nothing about is there.
    private func isThere(_ id: RegisterID) -> Bool {
        profile[id].gate.allSatisfy { condition in
            given[condition.register].map(condition.test.holds) ?? true
        }
    }

    private func frames(_ operations: [CommandOperation]) -> [String] {
        operations.flatMap { operation -> [String] in
            switch operation {
            case .write(let unit, let write): return [hex(unit, write)]
            case .wait(let duration): return ["wait \(duration.milliseconds)ms"]
            case .when(let conditions, let inner):
                // A register behind a gate, of which the vector may say nothing.
                let holds = conditions.allSatisfy { condition in
                    given[condition.register].map(condition.test.holds) ?? true
                }
                return holds ? frames(inner) : []
            case .modify, .waitUntil: return ["no frame: \(operation)"]
            }
        }
    }

    // MARK: - Text

    private func text(_ condition: RegisterCondition) -> String {
        let register = profile[condition.register]
        func words(_ raw: UInt64) -> String {
            let words = register.encode(raw: raw) ?? []
            if register.type == .bit { return VectorSyntax.hex(words.map { UInt8($0 & 1) }) }
            return words.map { VectorSyntax.hex([UInt8($0 >> 8), UInt8($0 & 0xFF)]) }
                .map { $0.filter { $0 != " " } }.joined(separator: " ")
        }
        let test =
            switch condition.test {
            case .oneOf(let raws): "= " + raws.map(words).joined(separator: " | ")
            case .text(let texts): "= " + texts.joined(separator: " | ")
            case .allBitsSet(let mask): "has \(words(mask))"
            case .noBitSet(let mask): "lacks \(words(mask))"
            case .range(let range): "from \(range.lowerBound) to \(range.upperBound)"
            }
        return "\(register.name) \(test)"
    }

    private func hex(_ unit: RegisterUnit, _ operation: ModbusOperation) -> String {
        VectorSyntax.hex(
            [unit.resolved(charger: profile.link.unit)] + PDU.encode(operation))
    }
}
