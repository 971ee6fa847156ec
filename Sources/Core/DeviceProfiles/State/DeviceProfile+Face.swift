import ChargeModel

/// What one state register holds while the wallbox is in some state.
package struct RegisterFace: Hashable, Sendable {
    package var register: RegisterID
    package var raw: RawValue
}

extension DeviceProfile {
    /// What the state registers hold when the wallbox is in this state: the inverse of the rules,
    /// checked by running them.
    ///
    /// For a state that the map cannot express, the face of the nearest that it can; empty when
    /// there is none of those either.
    package func face(of state: PilotState) -> [RegisterFace] {
        for candidate in state.nearest {
            if let face = exactFace(of: candidate) { return face }
        }
        return []
    }

    /// As ``face(of:)`` without a substitute; nil when no values of the state registers mean this
    /// state.
    package func exactFace(of state: PilotState) -> [RegisterFace]? {
        var found: [RegisterFace]?
        forEachFace { face, values in
            guard pilotState(values) == .state(state) else { return true }
            found = face
            return false
        }
        return found
    }

    /// The indices of the state rules that can be the first to hold.
    var reachableStateRules: [Int] {
        var reachable: [Int] = []
        forEachFace { _, values in
            if let index = stateRules.firstIndex(where: { $0.holds(values) }),
                !reachable.contains(index)
            {
                reachable.append(index)
            }
            return reachable.count < stateRules.count
        }
        return reachable
    }

    /// A bound on the combinations tried; a profile has a handful of state registers with a dozen
    /// values each.
    private static let maximumFaces = 100_000

    /// Visits the combinations of values that the rules can tell apart, the first register running
    /// fastest, while `body` returns true.
    private func forEachFace(_ body: ([RegisterFace], RegisterValues) -> Bool) {
        let registers = stateRegisters
        let candidates = registers.map(faceCandidates)
        var choice = Array(repeating: 0, count: registers.count)
        for _ in 0..<Self.maximumFaces {
            var values = RegisterValues(self)
            var face: [RegisterFace] = []
            for (index, register) in registers.enumerated() {
                let raw = candidates[index][choice[index]]
                guard let words = self[register].encode(raw) else { return }
                values[register] = self[register].decode(words[...])
                face.append(RegisterFace(register: register, raw: raw))
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

    /// The registers that the rules look at, in the order of the rules.
    package var stateRegisters: [RegisterID] {
        var registers: [RegisterID] = []
        for condition in stateRules.flatMap(\.conditions)
        where !registers.contains(condition.register) {
            registers.append(condition.register)
        }
        return registers
    }

    /// Raw values that the rules can tell apart, those with a name in the profile first.
    private func faceCandidates(_ register: RegisterID) -> [RawValue] {
        var candidates = self[register].names.map(\.raw)
        func add(_ raw: RawValue) {
            if !candidates.contains(raw), self[register].encode(raw) != nil {
                candidates.append(raw)
            }
        }
        for condition in stateRules.flatMap(\.conditions) where condition.register == register {
            switch condition.test {
            case .oneOf(let values): for value in values { add(.number(value)) }
            case .text(let texts): for text in texts { add(.text(text)) }
            case .range(let range):
                for bound in [range.lowerBound, range.upperBound] {
                    if let raw = self[register].raw(ofCanonical: bound) { add(.number(raw)) }
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
        if !self[register].type.isText {
            // A value that no rule names, for those that hold for any.
            let named = candidates.compactMap { if case .number(let raw) = $0 { raw } else { nil } }
            add(.number(0))
            add(.number((named.max() ?? 0) &+ 1))
        } else {
            add(.text("-"))
        }
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

extension PilotState {
    /// What stands for a state on a map that does not have it, best first. A state in which the
    /// wallbox does not offer is never shown as one in which energy flows.
    fileprivate var nearest: [PilotState] {
        switch self {
        case .a: [.a]
        case .b1: [.b1, .b2]
        case .b2: [.b2, .b1]
        case .c1: [.c1, .b1, .b2]
        case .c2: [.c2]
        case .d1: [.d1, .c1, .b1, .b2]
        case .d2: [.d2, .c2]
        case .e: [.e, .f]
        case .f: [.f, .e]
        }
    }
}
