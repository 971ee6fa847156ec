import ChargeModel

/// The section `state`: a list of rules, `{ register: condition, ..., is: STATE }`.
extension ProfileCompiler {
    private static let maximumRules = 64

    mutating func stateRules(_ file: Section) -> [StateRule] {
        guard let node = required(file, "state") else { return [] }
        guard case .sequence(let elements) = node.content,
            1...Self.maximumRules ~= elements.count
        else {
            diagnostics.error(
                node.place, "'state' is no list of 1 to \(Self.maximumRules) rules",
                "Write one rule a line: '- { register: value, is: A }'")
            return []
        }
        let errors = diagnostics.errorCount
        let rules = elements.compactMap { stateRule($0) }
        if errors == diagnostics.errorCount { checkStates(rules, node) }
        return rules
    }

    private mutating func stateRule(_ node: DocumentNode) -> StateRule? {
        guard let section = mapping(node, "a state rule") else { return nil }
        let conditions = conditions(section.entries.filter { $0.key != "is" }, .everyPoll)
        let state: PilotState? = word(section, "is", otherwise: nil)
        return state.map { StateRule(conditions: conditions, state: $0) }
    }
}
