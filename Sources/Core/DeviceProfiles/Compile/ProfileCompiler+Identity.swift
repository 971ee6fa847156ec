/// The section `identity`: registers and what they must hold. It may be missing.
extension ProfileCompiler {
    mutating func identity(_ file: Section) -> [IdentityRule] {
        guard let node = file["identity"], let section = mapping(node, "'identity'") else {
            return []
        }
        return section.entries.compactMap { identityRule($0) }
    }

    private mutating func identityRule(_ entry: DocumentNode.Entry) -> IdentityRule? {
        guard let id = reference(entry.key, entry.keyPlace) else { return nil }
        requireReadable(id, entry.keyPlace, fast: false)
        guard !draft(id).isBroken else { return nil }
        return match(entry.value, draft(id)).map { IdentityRule(register: id, match: $0) }
    }

    /// Numbers: a value, a list, or `{ from: .., to: .. }`. Texts: `{ begins: TEXT or list }`.
    private mutating func match(
        _ node: DocumentNode, _ draft: RegisterDraft
    ) -> IdentityRule.Match? {
        if draft.register.isText {
            guard let section = section(node, "the match of a text", .identityText),
                let begins = required(section, "begins")
            else { return nil }
            let texts = elements(begins).compactMap { scalar($0, "a text") }
            return texts.isEmpty ? nil : .prefix(texts)
        }
        guard case .mapping = node.content else {
            if draft.register.version != nil {
                return value(node, "a version such as v1.22.2", ScalarSyntax.version)
                    .map { .range($0...$0) }
            }
            let values = elements(node).compactMap { rawNumber($0, draft) }
            return values.isEmpty ? nil : .equals(values)
        }
        guard let section = section(node, "the match of a number", .identityNumber) else {
            return nil
        }
        guard let range = range(section, draft) else {
            if section.entries.isEmpty { _ = required(section, "from") }
            return nil
        }
        return .range(range)
    }
}
