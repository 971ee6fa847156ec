import ChargeModel
import DeviceProfiles

/// A compiled profile with one fact altered.
struct ProfileMutation: CustomStringConvertible {
    var description: String
    var profile: DeviceProfile

    static func all(of profile: DeviceProfile) -> [ProfileMutation] {
        registers(profile) + states(profile) + commands(profile) + supervision(profile)
            + station(profile)
    }

    init(_ description: String, _ profile: DeviceProfile, _ alter: (inout DeviceProfile) -> Void) {
        self.description = description
        self.profile = profile
        alter(&self.profile)
    }

    // MARK: - States

    private static func states(_ profile: DeviceProfile) -> [ProfileMutation] {
        profile.stateRules.indices.flatMap { index in
            alterations(of: profile.stateRules[index]).map { what, rule in
                ProfileMutation("\(what) of state rule \(index + 1)", profile) {
                    $0.stateRules[index] = rule
                }
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
        let commands: [(String, WritableKeyPath<DeviceProfile, [CommandStep]>)] = [
            ("charge", \.control.charge), ("limit", \.control.limit), ("idle", \.control.idle),
            ("on-connect", \.control.onConnect), ("on-disconnect", \.control.onDisconnect),
            ("wake-up", \.control.wakeUp),
        ]
        var all = commands.flatMap { name, path in
            mutations(of: profile[keyPath: path], name) { steps in
                ProfileMutation("", profile) { $0[keyPath: path] = steps }
            }
        }
        if let phaseSwitch = profile.control.phaseSwitch {
            all += mutations(of: phaseSwitch.toOne, "phase-switch 1") { steps in
                ProfileMutation("", profile) { $0.control.phaseSwitch?.toOne = steps }
            }
            all += mutations(of: phaseSwitch.toThree, "phase-switch 3") { steps in
                ProfileMutation("", profile) { $0.control.phaseSwitch?.toThree = steps }
            }
        }
        for index in profile.control.offValues.indices {
            all.append(
                ProfileMutation("value \(index + 1) of off", profile) {
                    $0.control.offValues[index] ^= 1
                })
        }
        return all
    }

    fileprivate static func mutations(
        of steps: [CommandStep], _ name: String, _ mutate: ([CommandStep]) -> ProfileMutation
    ) -> [ProfileMutation] {
        steps.indices.flatMap { index in
            alterations(of: steps, at: index).map { altered in
                var mutation = mutate(altered)
                mutation.description = "step \(index + 1) of \(name)"
                return mutation
            }
        }
    }

    /// Without the step, and with what is in it altered.
    private static func alterations(of steps: [CommandStep], at index: Int) -> [[CommandStep]] {
        var without = steps
        without.remove(at: index)
        return [without]
            + alterations(of: steps[index]).map { step in
                var other = steps
                other[index] = step
                return other
            }
    }

    private static func alterations(of step: CommandStep) -> [CommandStep] {
        switch step {
        case .write(_, .limit): []
        case .write(let register, .raw(let raw)): [.write(register, .raw(raw ^ 1))]
        case .modify(let register, let set, let clear):
            [.modify(register, set: clear, clear: set)]
        case .wait(let time): [.wait(time + .milliseconds(1))]
        case .waitUntil(let conditions, let bound):
            [.waitUntil(conditions, within: bound + .seconds(1))]
                + conditions.indices.map { index in
                    var altered = conditions
                    altered[index].test = .oneOf([0x77])
                    return .waitUntil(altered, within: bound)
                }
        case .when(let conditions, let steps):
            // As if it never held, and each step of it.
            [.when([RegisterCondition(register: conditions[0].register, test: .oneOf([]))], steps)]
                + steps.indices.flatMap { index in
                    alterations(of: steps, at: index).map { .when(conditions, $0) }
                }
        }
    }

    // MARK: - Supervision

    private static func supervision(_ profile: DeviceProfile) -> [ProfileMutation] {
        var all: [ProfileMutation] = []
        if case .write(let register, let raw) = profile.heartbeat.kind {
            all.append(
                ProfileMutation("value of the heartbeat", profile) {
                    $0.heartbeat.kind = .write(register, raw ^ 1)
                })
        }
        for index in profile.heartbeat.further.indices
        where profile.heartbeat.further[index] != .anyRead {
            all.append(
                ProfileMutation("heartbeat \(index + 2)", profile) {
                    $0.heartbeat.further.remove(at: index)
                })
        }
        guard let failsafe = profile.failsafe else { return all }
        if failsafe.timeout != nil {
            all.append(
                ProfileMutation("timeout of the failsafe", profile) {
                    $0.failsafe?.timeoutValue = failsafe.timeoutValue * 0.5
                })
            all.append(
                ProfileMutation("register of the timeout", profile) { $0.failsafe?.timeout = nil })
        }
        if failsafe.current != nil {
            all.append(
                ProfileMutation("register of the failsafe", profile) { $0.failsafe?.current = nil })
        }
        return all
            + mutations(of: failsafe.arm, "arm") { steps in
                ProfileMutation("", profile) { $0.failsafe?.arm = steps }
            }
    }

    // MARK: - The station

    private static func station(_ profile: DeviceProfile) -> [ProfileMutation] {
        var all = [
            ProfileMutation("unit id", profile) {
                $0.link.unit ^= 1
                // Connectors may have their own instead.
                if $0.connectors?.units.isEmpty == false { $0.connectors?.units[0] ^= 8 }
            }
        ]
        if !profile.registers.contains(where: { $0.unit == .charger }) { all = [] }
        for index in profile.denied.indices {
            all.append(
                ProfileMutation("entry \(index + 1) of deny", profile) {
                    $0.denied.remove(at: index)
                })
        }
        for (index, rule) in profile.identity.enumerated() {
            all.append(
                ProfileMutation("identity \(index + 1)", profile) {
                    $0.identity[index].match = rule.match.altered
                })
        }
        if let units = profile.connectors?.units, units.count > 1 {
            all.append(
                ProfileMutation("unit id of a connector", profile) {
                    $0.connectors?.units[1] ^= 0x40
                })
        }
        if case .power(let voltage, let bands) = profile.control.domain {
            all.append(
                ProfileMutation("nominal voltage", profile) {
                    $0.control.domain = .power(
                        nominalVoltage: Millivolts(voltage.rawValue * 9 / 10), bands: bands)
                })
        }
        return all
    }
}

extension IdentityRule.Match {
    fileprivate var altered: Self {
        switch self {
        case .equals(let raws): .equals(raws.map { $0 ^ 0x55 })
        case .range(let range):
            .range(
                range.upperBound &+ 1 > range.upperBound ? range.upperBound + 1...Int.max : 0...0)
        case .prefix(let texts): .prefix(texts.map { "\u{7F}" + $0 })
        }
    }
}
