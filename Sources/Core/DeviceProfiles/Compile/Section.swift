import ChargeModel

/// A mapping whose keys have been checked.
struct Section {
    /// As messages call it: "register 'power'".
    let name: String
    let place: Place
    let entries: [DocumentNode.Entry]
    /// nil where any key may stand.
    let schema: SchemaSection?

    /// - Precondition: The schema has this key.
    subscript(key: String) -> DocumentNode? {
        if let schema { _ = schema[key] }
        return entries.first { $0.key == key }?.value
    }
}

/// Reading single values of a section: each function reports what is wrong and gives nil then.
extension ProfileCompiler {
    /// Takes a node as a mapping with the keys of a schema; others are errors.
    mutating func section(
        _ node: DocumentNode, _ name: String, _ schema: SchemaSection
    ) -> Section? {
        guard let section = mapping(node, name, schema) else { return nil }
        let keys = schema.names
        for entry in section.entries where !keys.contains(entry.key) {
            diagnostics.error(
                entry.keyPlace, "\(name) has no key '\(entry.key)'",
                ReservedKeys.remedy(for: entry.key)
                    ?? Spelling.suggestion(for: entry.key, among: keys))
        }
        return section
    }

    /// Takes a node as a mapping, without a look at its keys.
    mutating func mapping(
        _ node: DocumentNode, _ name: String, _ schema: SchemaSection? = nil
    ) -> Section? {
        guard case .mapping(let entries) = node.content else {
            diagnostics.error(
                node.place, "\(name) is \(node.kind), not a mapping", "Write 'key: value' pairs")
            return nil
        }
        return Section(name: name, place: node.place, entries: entries, schema: schema)
    }

    mutating func required(_ section: Section, _ key: String) -> DocumentNode? {
        if let node = section[key] { return node }
        diagnostics.error(section.place, "\(section.name) lacks '\(key)'", "Add '\(key):'")
        return nil
    }

    /// A section that must be there.
    mutating func section(
        _ parent: Section, _ key: String, _ schema: SchemaSection
    ) -> Section? {
        guard let node = required(parent, key) else { return nil }
        return section(node, "'\(key)'", schema)
    }

    /// The elements of a list; a single value is a list of one.
    func elements(_ node: DocumentNode) -> [DocumentNode] {
        guard case .sequence(let elements) = node.content else { return [node] }
        return elements
    }

    // MARK: - Scalars

    /// A scalar that says something.
    mutating func scalar(_ node: DocumentNode, _ expected: String) -> String? {
        guard case .scalar(let text) = node.content, !text.isEmpty else {
            diagnostics.error(node.place, "\(node.kind) stands where \(expected) belongs", "")
            return nil
        }
        return text
    }

    /// A scalar that `parse` understands.
    mutating func value<Value>(
        _ node: DocumentNode, _ expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = scalar(node, expected) else { return nil }
        guard let value = parse(text) else {
            diagnostics.error(node.place, "'\(text)' is not \(expected)", "")
            return nil
        }
        return value
    }

    /// A text that must be there.
    mutating func text(_ section: Section, _ key: String) -> String? {
        guard let node = required(section, key) else { return nil }
        return scalar(node, "a text")
    }

    /// A whole number as the schema has it.
    ///
    /// - Parameter standard: For when the key is not there, and that depends on something.
    mutating func whole(
        _ section: Section, _ key: String, otherwise standard: Int? = nil
    ) -> Int? {
        guard let form = section.schema?[key].form else { return missing(section, key) }
        guard let node = section[key] else {
            return standard
                ?? self.standard(section, key) {
                    ScalarSyntax.whole($0).flatMap { Int(exactly: $0) }
                }
        }
        return whole(node, in: form.range)
    }

    mutating func whole(_ node: DocumentNode, in range: ClosedRange<Int>) -> Int? {
        value(node, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            ScalarSyntax.whole($0).flatMap { Int(exactly: $0) }
                .flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration as the schema has it.
    mutating func duration(_ section: Section, _ key: String) -> Duration? {
        guard let form = section.schema?[key].form else { return missing(section, key) }
        guard let node = section[key] else {
            return standard(section, key, ScalarSyntax.duration)
        }
        return duration(node, in: form.durations)
    }

    mutating func duration(_ node: DocumentNode, in range: ClosedRange<Duration>) -> Duration? {
        let bounds = "\(range.lowerBound.inWords) to \(range.upperBound.inWords)"
        return value(node, "a duration from \(bounds), such as 500ms or 30s") {
            ScalarSyntax.duration($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func truth(_ section: Section, _ key: String) -> Bool? {
        guard let node = section[key] else {
            return standard(section, key, ScalarSyntax.truth)
        }
        return value(node, "yes or no", ScalarSyntax.truth)
    }

    /// One of the words of an enumeration.
    ///
    /// - Parameter standard: For when the key is not there, and that depends on something.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ section: Section, _ key: String, otherwise standard: Word? = nil
    ) -> Word? {
        guard let node = section[key] else {
            return standard ?? self.standard(section, key) { Word(rawValue: $0) }
        }
        return word(node, "'\(key)'")
    }

    /// What the schema says for a key that is not there: a value, or that it has to be.
    private mutating func standard<Value>(
        _ section: Section, _ key: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard case .value(let text)? = section.schema?[key].otherwise else {
            return missing(section, key)
        }
        guard let value = parse(text) else {
            preconditionFailure("'\(text)' is no value of \(section.name), '\(key)'")
        }
        return value
    }

    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ node: DocumentNode, _ name: String
    ) -> Word? {
        guard let text = scalar(node, "a word") else { return nil }
        if let word = Word(rawValue: text) { return word }
        diagnostics.error(
            node.place, "\(name) cannot be '\(text)'",
            Spelling.suggestion(for: text, among: Word.allCases.map(\.rawValue)))
        return nil
    }

    private mutating func missing<Value>(_ section: Section, _ key: String) -> Value? {
        _ = required(section, key)
        return nil
    }
}

extension Duration {
    /// As a profile writes it: `500ms`, `30s`.
    var inWords: String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
