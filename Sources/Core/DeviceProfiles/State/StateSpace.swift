import ChargeModel

/// What one state register holds while the wallbox is in some state.
package struct RegisterFace: Hashable, Sendable {
    package var register: RegisterID
    package var raw: RawValue
}

/// The combinations of register values that the state rules can tell apart: small enough to try
/// them all, which inverts the rules and finds those that never come to their turn.
struct StateSpace {
    private let registers: [Register]
    private let rules: [StateRule]

    /// A bound on the combinations tried; a profile has a handful of state registers with a dozen
    /// values each.
    private static let maximumSize = 100_000

    init(registers: [Register], rules: [StateRule]) {
        self.registers = registers
        self.rules = rules
    }

    /// Values of the state registers that mean this state; nil when none do.
    func face(of state: PilotState) -> [RegisterFace]? {
        var found: [RegisterFace]?
        forEachFace { face, values in
            guard rules.pilotState(values) == .state(state) else { return true }
            found = face
            return false
        }
        return found
    }

    /// The indices of the rules that can be the first to hold.
    var reachableRules: [Int] {
        var reachable: [Int] = []
        forEachFace { _, values in
            if let index = rules.firstIndex(where: { $0.holds(values) }),
                !reachable.contains(index)
            {
                reachable.append(index)
            }
            return reachable.count < rules.count
        }
        return reachable
    }

    /// The registers that the rules look at, in the order of the rules.
    var stateRegisters: [RegisterID] {
        var registers: [RegisterID] = []
        for condition in rules.flatMap(\.conditions) where !registers.contains(condition.register) {
            registers.append(condition.register)
        }
        return registers
    }

    // MARK: - Combinations

    /// Visits the combinations, the first register running fastest, while `body` returns true.
    private func forEachFace(_ body: ([RegisterFace], RegisterValues) -> Bool) {
        let ids = stateRegisters
        let candidates = ids.map(candidates)
        var choice = Array(repeating: 0, count: ids.count)
        for _ in 0..<Self.maximumSize {
            var values = RegisterValues(registers)
            var face: [RegisterFace] = []
            for (index, id) in ids.enumerated() {
                let raw = candidates[index][choice[index]]
                let register = registers[id.rawValue]
                guard let words = register.encode(raw) else { return }
                values[id] = register.decode(words[...])
                face.append(RegisterFace(register: id, raw: raw))
            }
            guard body(face, values),
                let digit = choice.indices.first(where: {
                    choice[$0] + 1 < candidates[$0].count
                })
            else { return }
            for index in 0..<digit { choice[index] = 0 }
            choice[digit] += 1
        }
    }

    /// Raw values that the rules can tell apart, those with a name in the profile first. Never
    /// empty.
    private func candidates(_ id: RegisterID) -> [RawValue] {
        let register = registers[id.rawValue]
        var candidates = register.names.map(\.raw)
        func add(_ raw: RawValue) {
            if !candidates.contains(raw), register.encode(raw) != nil { candidates.append(raw) }
        }
        for entry in register.table { add(.number(entry.raw)) }
        for condition in rules.flatMap(\.conditions) where condition.register == id {
            switch condition.test {
            case .oneOf(let values): for value in values { add(.number(value)) }
            case .text(let texts): for text in texts { add(.text(text)) }
            case .range(let range):
                for bound in [range.lowerBound, range.upperBound] {
                    if let raw = register.raw(ofCanonical: bound) { add(.number(raw)) }
                }
            case .allBitsSet(let mask), .noBitSet(let mask):
                // With and without the bits, on top of every value so far.
                for case .number(let value) in candidates {
                    add(.number(value | mask))
                    add(.number(value & ~mask))
                }
                add(.number(mask))
            }
        }
        // A value that no rule names, for rules that hold for any.
        guard !register.isText else {
            add(.text("-"))
            return candidates
        }
        let numbers = candidates.compactMap { if case .number(let raw) = $0 { raw } else { nil } }
        add(.number(0))
        add(.number((numbers.max() ?? 0) &+ 1))
        return candidates
    }
}

extension Register {
    /// The raw value whose canonical number is nearest to this one.
    package func raw(ofCanonical canonical: Int) -> UInt64? {
        guard let words = encode(canonical: canonical, rounding: .nearest),
            case .number(_, let raw) = decode(words[...])
        else { return nil }
        return raw
    }
}
