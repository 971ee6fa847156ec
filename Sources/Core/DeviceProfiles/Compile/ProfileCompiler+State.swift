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
        let conditions = section.entries.filter { $0.key != "is" }.flatMap { stateConditions($0) }
        let state: PilotState? = word(section, "is", otherwise: nil)
        return state.map { StateRule(conditions: conditions, state: $0) }
    }

    private mutating func stateConditions(_ entry: DocumentNode.Entry) -> [RegisterCondition] {
        guard let id = reference(entry.key, entry.keyPlace) else { return [] }
        requireReadable(id, entry.keyPlace, fast: true)
        // A stand-in that still refers to the register.
        guard !draft(id).isBroken else {
            return [RegisterCondition(register: id, test: .range(.min ... .max))]
        }
        if draft(id).register.count > 1 {
            diagnostics.error(
                entry.keyPlace, "'\(entry.key)' has one value for each phase",
                "Rules look at single values")
        }
        return tests(entry.value, draft(id)).map { RegisterCondition(register: id, test: $0) }
    }

    /// A value or a list of them, or a mapping: `has` and `lacks` take bit masks, `from` and `to`
    /// scaled values.
    private mutating func tests(
        _ node: DocumentNode, _ draft: RegisterDraft
    ) -> [RegisterCondition.Test] {
        guard case .mapping = node.content else { return oneOf(node, draft).map { [$0] } ?? [] }
        let keys = ["has", "lacks", "from", "to"]
        guard !draft.register.type.isText else {
            diagnostics.error(node.place, "a text is compared with texts", "")
            return []
        }
        guard let section = section(node, "a condition", keys: keys) else { return [] }
        var tests: [RegisterCondition.Test] = []
        if let mask = section["has"].flatMap({ mask($0, draft) }) {
            tests.append(.allBitsSet(mask))
        }
        if let mask = section["lacks"].flatMap({ mask($0, draft) }) {
            tests.append(.noBitSet(mask))
        }
        if let range = range(section, draft) { tests.append(.range(range)) }
        return tests
    }

    private mutating func mask(_ node: DocumentNode, _ draft: RegisterDraft) -> UInt64? {
        guard let mask = rawNumber(node, draft) else { return nil }
        if mask == 0 || draft.register.type.isFloat {
            diagnostics.error(node.place, "a mask has at least one bit of a whole number", "")
        }
        return mask
    }

    private mutating func oneOf(
        _ node: DocumentNode, _ draft: RegisterDraft
    ) -> RegisterCondition.Test? {
        let values = elements(node).compactMap { rawValue($0, draft) }
        if elements(node).isEmpty {
            diagnostics.error(node.place, "no value is given", "List at least one")
        }
        let texts = values.compactMap { if case .text(let text) = $0 { text } else { nil } }
        let numbers = values.compactMap { if case .number(let raw) = $0 { raw } else { nil } }
        guard !values.isEmpty else { return nil }
        return draft.register.type.isText ? .text(texts) : .oneOf(numbers)
    }

    /// `from` and `to`, both inclusive; either may be left out.
    mutating func range(_ section: Section, _ draft: RegisterDraft) -> ClosedRange<Int>? {
        guard section["from"] != nil || section["to"] != nil else { return nil }
        let lower = section["from"].map { bound($0, draft) } ?? .min
        let upper = section["to"].map { bound($0, draft) } ?? .max
        guard let lower, let upper else { return nil }
        guard lower <= upper else {
            diagnostics.error(section.place, "'from' is greater than 'to'", "Swap them")
            return nil
        }
        return lower...upper
    }

    private mutating func bound(_ node: DocumentNode, _ draft: RegisterDraft) -> Int? {
        guard let dimension = draft.dimension else {
            return value(node, "a whole number") {
                ScalarSyntax.whole($0).flatMap { Int(exactly: $0) }
            }
        }
        return value(node, "a \(dimension.rawValue) with its unit") {
            ScalarSyntax.quantity($0, dimension)
        }
    }
}
