import ChargeModel

/// What a wallbox tells of the phases that it is switched to.
package enum ShownPhases: Hashable, Sendable {
    /// 1 or 3.
    case phases(Int)
    /// Something else, such as a choice that the wallbox makes by itself, or that it switches now.
    case other
    /// Nothing is read that tells it.
    case untold
}

extension DeviceProfile {
    /// What these values tell: a register of the live phases, or else the registers in which the two
    /// ways of `phase-switch` differ.
    package func shownPhases(_ values: RegisterValues) -> ShownPhases {
        let live = registers(measuring: .livePhases).lazy
            .compactMap { values[$0]?.canonical }.first
        if let live { return live == 1 || live == 3 ? .phases(live) : .other }
        guard let choices = phaseChoices, !choices.one.isEmpty else { return .untold }
        guard
            (choices.one + choices.three).allSatisfy({ values[$0.register]?.raw != nil })
        else { return .untold }
        if choices.one.allSatisfy({ $0.stands(in: values) }) { return .phases(1) }
        return choices.three.allSatisfy { $0.stands(in: values) } ? .phases(3) : .other
    }

    /// The registers that tell on how many phases it charges.
    package var phaseRegisters: [RegisterID] {
        registers(measuring: .livePhases)
            + (phaseChoices.map { $0.one + $0.three } ?? []).map(\.register)
    }

    /// What the two ways leave in readable registers, where they differ.
    private var phaseChoices: (one: [Choice], three: [Choice])? {
        guard let phaseSwitch = control.phaseSwitch else { return nil }
        func left(by steps: [CommandStep]) -> [Choice] {
            var left: [Choice] = []
            for choice in steps.flatMap(\.flat).compactMap(Choice.init)
            where self[choice.register].isReadable {
                left.removeAll { $0.register == choice.register }
                left.append(choice)
            }
            return left
        }
        let (one, three) = (left(by: phaseSwitch.toOne), left(by: phaseSwitch.toThree))
        return (one.filter { !three.contains($0) }, three.filter { !one.contains($0) })
    }
}

/// What a step leaves in a register.
private struct Choice: Hashable {
    var register: RegisterID
    var mask: UInt64
    var value: UInt64

    init?(_ step: CommandStep) {
        switch step {
        case .write(let register, .raw(let raw)):
            self.init(register: register, mask: .max, value: raw)
        case .modify(let register, let set, let clear):
            self.init(register: register, mask: set | clear, value: set)
        case .write(_, .limit), .wait, .waitUntil, .when: return nil
        }
    }

    private init(register: RegisterID, mask: UInt64, value: UInt64) {
        self.register = register
        self.mask = mask
        self.value = value
    }

    func stands(in values: RegisterValues) -> Bool {
        values[register]?.raw.map { $0 & mask == value } ?? false
    }
}

extension DecodedValue {
    fileprivate var raw: UInt64? {
        if case .number(_, let raw) = self { raw } else { nil }
    }
}
