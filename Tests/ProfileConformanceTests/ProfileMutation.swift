import ChargeModel
import DeviceProfiles

/// A compiled profile with one fact altered.
struct ProfileMutation: CustomStringConvertible {
    var description: String
    var profile: DeviceProfile

    static func all(of profile: DeviceProfile) -> [ProfileMutation] {
        registers(profile) + states(profile) + commands(profile)
    }

    // MARK: - Registers

    private static func registers(_ profile: DeviceProfile) -> [ProfileMutation] {
        profile.registers.indices.flatMap { index in
            alterations(of: profile.registers[index]).map { what, register in
                var copy = profile
                copy.registers[index] = register
                return ProfileMutation(description: "\(what) of \(register.name)", profile: copy)
            }
        }
    }

    private static func alterations(of register: Register) -> [(String, Register)] {
        var all: [(String, Register)] = []
        func add(_ what: String, _ alter: (inout Register) -> Void) {
            var copy = register
            alter(&copy)
            if copy != register { all.append((what, copy)) }
        }
        add("address") { $0.address += 1 }
        add("unit id") { $0.unit = .fixed(99) }
        add("sentinels") { $0.invalid = [] }
        if register.write != nil {
            add("function") {
                $0.write = $0.write == .multiple && $0.width == 1 ? .single : .multiple
            }
        }
        if register.isReadable {
            add("space") { $0.space = $0.space == .input ? .holding : .input }
        }
        if register.count > 1 { add("stride") { $0.stride += 1 } }
        if register.width > 1, !register.type.isText {
            add("order") { $0.wordOrder = $0.wordOrder == .highFirst ? .lowFirst : .highFirst }
        }
        // The names of a write-only register are gone after compiling; its commands are altered.
        for index in register.names.indices where register.isReadable {
            add("value") { $0.names[index].raw = .number(0x77) }
        }
        return all
    }

    // MARK: - States

    private static func states(_ profile: DeviceProfile) -> [ProfileMutation] {
        profile.stateRules.indices.flatMap { index in
            alterations(of: profile.stateRules[index]).map { what, rule in
                var copy = profile
                copy.stateRules[index] = rule
                return ProfileMutation(
                    description: "\(what) of state rule \(index + 1)", profile: copy)
            }
        }
    }

    private static func alterations(of rule: StateRule) -> [(String, StateRule)] {
        var all: [(String, StateRule)] = []
        func add(_ what: String, _ alter: (inout StateRule) -> Void) {
            var copy = rule
            alter(&copy)
            all.append((what, copy))
        }
        for state in PilotState.allCases where state != rule.state {
            add("state") { $0.state = state }
        }
        for (index, condition) in rule.conditions.enumerated() {
            add("condition \(index + 1)") { $0.conditions.remove(at: index) }
            let alternatives = condition.alternatives
            guard alternatives.count > 1 else { continue }
            for alternative in alternatives {
                add("values") { $0.conditions[index].test = alternative }
            }
        }
        return all
    }

    // MARK: - Commands

    private static func commands(_ profile: DeviceProfile) -> [ProfileMutation] {
        let commands: [(String, WritableKeyPath<ControlTraits, [CommandStep]>)] = [
            ("charge", \.charge), ("limit", \.limit), ("idle", \.idle),
        ]
        return commands.flatMap { name, path in
            profile.control[keyPath: path].indices.flatMap { index in
                alterations(of: profile.control[keyPath: path], at: index).map { steps in
                    var copy = profile
                    copy.control[keyPath: path] = steps
                    return ProfileMutation(
                        description: "step \(index + 1) of \(name)", profile: copy)
                }
            }
        }
    }

    /// Without the step, and with another value.
    private static func alterations(of steps: [CommandStep], at index: Int) -> [[CommandStep]] {
        var without = steps
        without.remove(at: index)
        guard case .write(let register, .raw(let raw)) = steps[index] else { return [without] }
        var other = steps
        other[index] = .write(register, .raw(raw ^ 1))
        return [without, other]
    }
}
