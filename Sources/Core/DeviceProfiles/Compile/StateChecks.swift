import ChargeModel

/// What must hold of the state rules: they tell what the agent cannot do without, and each of them
/// can come to its turn.
extension ProfileCompiler {
    /// - Parameter node: The list of the rules, all of which have been read.
    mutating func checkStates(_ rules: [StateRule], _ node: DocumentNode) {
        let space = StateSpace(registers: registers.map(\.register), rules: rules)
        guard !space.stateRegisters.contains(where: { draft($0).isBroken }) else { return }
        let needed: [(states: [PilotState], meaning: String)] = [
            ([.a], "A, no vehicle"), ([.b1, .b2], "B1 or B2, vehicle connected"),
            ([.c2], "C2, energy flows"),
        ]
        for need in needed where !need.states.contains(where: { space.face(of: $0) != nil }) {
            diagnostics.error(
                node.place, "no rule can yield \(need.meaning)", "Add a rule, or correct the order")
        }
        let reachable = space.reachableRules
        for (index, rule) in elements(node).enumerated() where !reachable.contains(index) {
            diagnostics.warning(
                rule.place, "this rule never matches",
                "An earlier one always does, or its conditions exclude each other: move it up, or "
                    + "remove it")
        }
    }
}
