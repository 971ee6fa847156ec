import ChargeModel

/// How often the registers of a condition have to be read.
enum ConditionUse: Hashable {
    /// It decides about the moment.
    case everyPoll
    /// It decides what is read at all, until the next contact.
    case onceAfterContact
    case whenever
}

/// Conditions on registers, wherever the language takes them: in rules of the state, in front of
/// registers and of steps.
extension ProfileCompiler {
    /// `{ register: condition, ... }` as a value of its own.
    mutating func conditions(_ node: DocumentNode, _ use: ConditionUse) -> [RegisterCondition] {
        guard let section = mapping(node, "a list of conditions") else { return [] }
        if section.entries.isEmpty {
            diagnostics.error(node.place, "no condition is given", "Write '{ register: value }'")
        }
        return conditions(section.entries, use)
    }

    mutating func conditions(
        _ entries: [DocumentNode.Entry], _ use: ConditionUse
    ) -> [RegisterCondition] {
        entries.flatMap { conditions($0, use) }
    }

    private mutating func conditions(
        _ entry: DocumentNode.Entry, _ use: ConditionUse
    ) -> [RegisterCondition] {
        guard let id = reference(entry.key, entry.keyPlace) else { return [] }
        requireReadable(id, entry.keyPlace, fast: use == .everyPoll)
        if use == .onceAfterContact { requireReadOnce(id, entry.keyPlace) }
        // A stand-in that still refers to the register.
        guard !draft(id).isBroken else {
            return [RegisterCondition(register: id, test: .range(.min ... .max))]
        }
        if draft(id).register.count > 1 {
            diagnostics.error(
                entry.keyPlace, "'\(entry.key)' has one value for each phase",
                "Conditions look at single values")
        }
        return tests(entry.value, draft(id)).map { RegisterCondition(register: id, test: $0) }
    }

    /// A value or a list of them, or a mapping: `has` and `lacks` take bit masks, `from` and `to`
    /// scaled values.
    private mutating func tests(
        _ node: DocumentNode, _ draft: RegisterDraft
    ) -> [RegisterCondition.Test] {
        guard case .mapping = node.content else {
            let test = draft.register.version == nil ? oneOf(node, draft) : version(node)
            return test.map { [$0] } ?? []
        }
        guard !draft.register.isText else {
            diagnostics.error(node.place, "a text is compared with texts", "")
            return []
        }
        guard let section = section(node, "a condition", .condition) else { return [] }
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

    /// A whole version: the number that codes it may carry more than the version.
    private mutating func version(_ node: DocumentNode) -> RegisterCondition.Test? {
        value(node, "a version such as v1.22.2", ScalarSyntax.version).map { .range($0...$0) }
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
        return draft.register.isText ? .text(texts) : .oneOf(numbers)
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
        guard draft.register.version == nil else {
            return value(node, "a version such as v1.22.2", ScalarSyntax.version)
        }
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
