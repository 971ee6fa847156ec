import DeviceProfiles

/// Some bits of a register that hold a value.
struct RegisterHold: Hashable, Sendable {
    var register: RegisterID
    var mask: UInt64
    /// Within the mask.
    var value: UInt64

    func holds(_ raw: UInt64) -> Bool { raw & mask == value }
}

extension [CommandStep] {
    /// All writes of fixed values, in order, as if every condition held.
    var holds: [RegisterHold] {
        flatMap { step -> [RegisterHold] in
            switch step {
            case .write(let register, .raw(let raw)):
                [RegisterHold(register: register, mask: .max, value: raw)]
            case .modify(let register, let set, let clear):
                [RegisterHold(register: register, mask: set | clear, value: set)]
            case .when(_, let steps): steps.holds
            case .write(_, .limit), .wait, .waitUntil: []
            }
        }
    }

    /// The registers that take the limit, in order.
    var limitRegisters: [RegisterID] {
        var registers: [RegisterID] = []
        for step in self {
            switch step {
            case .write(let register, .limit): registers.append(register)
            case .when(_, let steps): registers += steps.limitRegisters
            case .write, .modify, .wait, .waitUntil: break
            }
        }
        return registers
    }

    /// What the command waits for.
    var awaited: [RegisterCondition] {
        flatMap { step -> [RegisterCondition] in
            switch step {
            case .waitUntil(let conditions, _): conditions
            case .when(_, let steps): steps.awaited
            case .write, .modify, .wait: []
            }
        }
    }

    /// The last value that they leave in each register, in the order of the first writes.
    var finalHolds: [RegisterHold] {
        var finals: [RegisterHold] = []
        for hold in holds {
            if let place = finals.firstIndex(where: { $0.register == hold.register }) {
                finals[place] = hold
            } else {
                finals.append(hold)
            }
        }
        return finals
    }
}
