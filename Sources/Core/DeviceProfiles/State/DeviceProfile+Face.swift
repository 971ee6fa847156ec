import ChargeModel

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
        stateSpace.face(of: state)
    }

    /// The registers that the rules look at, in the order of the rules.
    package var stateRegisters: [RegisterID] { stateSpace.stateRegisters }

    private var stateSpace: StateSpace { StateSpace(registers: registers, rules: stateRules) }
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
