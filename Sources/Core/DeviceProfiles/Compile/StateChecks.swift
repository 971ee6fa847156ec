import ChargeModel

/// What must hold of the state rules: they tell what the agent cannot do without, and each of them
/// can come to its turn.
extension ProfileCompiler {
    mutating func checkStates(_ profile: DeviceProfile, _ file: Section) {
        guard let node = file["state"] else { return }
        let needed: [(states: [PilotState], meaning: String)] = [
            ([.a], "A, no vehicle"), ([.b1, .b2], "B1 or B2, vehicle connected"),
            ([.c2], "C2, energy flows"),
        ]
        for need in needed
        where !need.states.contains(where: { profile.exactFace(of: $0) != nil }) {
            diagnostics.error(
                node.place, "no rule can yield \(need.meaning)", "Add a rule, or correct the order")
        }
        let reachable = profile.reachableStateRules
        for (index, rule) in elements(node).enumerated() where !reachable.contains(index) {
            diagnostics.warning(
                rule.place, "this rule never matches: an earlier one always does",
                "Move it up, or remove it")
        }
    }
}
