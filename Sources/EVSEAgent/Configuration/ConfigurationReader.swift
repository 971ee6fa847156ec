import Yams

/// Reads mappings of the file and keeps what it finds wrong, so that one run tells every problem.
struct ConfigurationReader {
    private(set) var diagnostics: [ConfigurationDiagnostic] = []

    /// One mapping, with the place of everything in it.
    struct Section {
        var place: ConfigurationPlace
        var entries: [Entry]

        struct Entry {
            var key: String
            var value: Node
        }

        subscript(key: String) -> Node? { entries.first { $0.key == key }?.value }

        func place(of key: String) -> ConfigurationPlace {
            self[key].map { ConfigurationPlace($0.mark) } ?? place
        }
    }

    mutating func error(_ place: ConfigurationPlace, _ problem: ConfigurationProblem) {
        report(.error, place, problem)
    }

    mutating func warning(_ place: ConfigurationPlace, _ problem: ConfigurationProblem) {
        report(.warning, place, problem)
    }

    private mutating func report(
        _ severity: ConfigurationDiagnostic.Severity, _ place: ConfigurationPlace,
        _ problem: ConfigurationProblem
    ) {
        diagnostics.append(
            ConfigurationDiagnostic(
                severity: severity, place: place, message: problem.message, remedy: problem.remedy))
    }

    // MARK: - Structure

    /// The whole file; nil if it cannot be read at all.
    mutating func document(_ text: String) -> Node? {
        // A site of 64 chargers needs a tenth of it.
        let maximumLength = 256 * 1024
        guard text.utf8.count <= maximumLength else {
            error(
                .start,
                ConfigurationProblem(
                    "the file has \(text.utf8.count) bytes", "Is this the configuration?"))
            return nil
        }
        do {
            // Without the rules that guess types: a value is text until its key says more, and these
            // rules are regular expressions, for which Foundation loads all of ICU.
            if let root = try Yams.compose(yaml: text, .basic) { return root }
            error(
                .start, ConfigurationProblem("the file is empty", "List the chargers in it"))
        } catch {
            report(error)
        }
        return nil
    }

    /// A mapping that may have these keys and no others. nil if the node is something else.
    mutating func section(_ node: Node, _ name: String, keys: [String]) -> Section? {
        guard case .mapping(let mapping) = node else {
            error(
                ConfigurationPlace(node.mark),
                ConfigurationProblem(
                    "\(name) has to be a mapping", "Write 'key: value' lines, indented alike"))
            return nil
        }
        var section = Section(place: ConfigurationPlace(mapping.mark), entries: [])
        for (key, value) in mapping {
            guard let text = key.scalar?.string, keys.contains(text) else {
                let text = key.scalar?.string ?? "(not a word)"
                error(
                    ConfigurationPlace(key.mark),
                    ConfigurationProblem(
                        "\(name) has no key '\(text)'",
                        SpellingSuggestion.remedy(for: text, among: keys, "keys")))
                continue
            }
            section.entries.append(Section.Entry(key: text, value: value))
        }
        return section
    }

    /// The section under a key; nil if there is none, or something else.
    mutating func subsection(_ section: Section, _ key: String, keys: [String]) -> Section? {
        guard let node = section[key] else { return nil }
        return self.section(node, "'\(key)'", keys: keys)
    }

    mutating func list(_ section: Section, _ key: String) -> [Node]? {
        guard let node = section[key] else {
            missing(section, key)
            return nil
        }
        guard case .sequence(let sequence) = node else {
            error(
                ConfigurationPlace(node.mark),
                ConfigurationProblem(
                    "'\(key)' has to be a list", "Begin every item with a dash on its own line"))
            return nil
        }
        return Array(sequence)
    }

    // MARK: - Values

    /// The value of a key, nil if the key is absent or its value is wrong, which is reported.
    mutating func value<Value>(
        _ section: Section, _ key: String,
        _ convert: (String) throws(ConfigurationProblem) -> Value
    ) -> Value? {
        guard let node = section[key] else { return nil }
        return value(node, key, "Write it behind the colon", convert)
    }

    /// A list of values, without those that are wrong, which are reported; empty if the key is absent.
    mutating func values<Value>(
        _ section: Section, _ key: String, atMost count: Int,
        _ convert: (String) throws(ConfigurationProblem) -> Value
    ) -> [Value] {
        guard section[key] != nil, let nodes = list(section, key) else { return [] }
        guard nodes.count <= count else {
            error(
                section.place(of: key),
                ConfigurationProblem(
                    "'\(key)' has \(nodes.count) entries", "List at most \(count)"))
            return []
        }
        return nodes.compactMap { value($0, key, "Write one behind each dash", convert) }
    }

    private mutating func value<Value>(
        _ node: Node, _ key: String, _ remedy: String,
        _ convert: (String) throws(ConfigurationProblem) -> Value
    ) -> Value? {
        let place = ConfigurationPlace(node.mark)
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
            error(place, ConfigurationProblem("'\(key)' has to be one value", remedy))
            return nil
        }
        do {
            return try convert(scalar.string)
        } catch let problem {
            error(
                place, ConfigurationProblem("\(key): \(problem.message)", problem.remedy))
            return nil
        }
    }

    /// The same for a key that must be there.
    mutating func required<Value>(
        _ section: Section, _ key: String,
        _ convert: (String) throws(ConfigurationProblem) -> Value
    ) -> Value? {
        guard section[key] != nil else {
            missing(section, key)
            return nil
        }
        return value(section, key, convert)
    }

    private mutating func missing(_ section: Section, _ key: String) {
        error(section.place, ConfigurationProblem("'\(key)' is missing", "Add '\(key): ...'"))
    }

    // MARK: - Errors of the YAML parser

    private mutating func report(_ yamlError: any Error) {
        switch yamlError as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            error(
                ConfigurationPlace(mark),
                ConfigurationProblem(
                    "this is not YAML: \(problem)",
                    "Look at indentation, brackets and quotes here and just above"))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            error(
                ConfigurationPlace(context.mark),
                ConfigurationProblem("given twice in one mapping: \(names)", "Keep one of the two"))
        case .reader(let problem, _, _, _):
            error(
                .start,
                ConfigurationProblem(
                    "the file has characters that YAML does not allow: \(problem)",
                    "Save it as UTF-8 text"))
        default:
            error(
                .start,
                ConfigurationProblem("the file cannot be read as YAML", "Save it as UTF-8 text"))
        }
    }
}

extension ConfigurationPlace {
    init(_ mark: Mark?) {
        self.init(line: max(mark?.line ?? 1, 1), column: max(mark?.column ?? 1, 1))
    }
}
