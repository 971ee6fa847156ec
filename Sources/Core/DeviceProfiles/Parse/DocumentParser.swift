import Yams

/// The first stage: text to ``DocumentNode``. Reports what is no YAML, or YAML that the profile
/// language does not use; understands nothing of profiles.
struct DocumentParser {
    /// What is left of the text: the first letter of a doubled key is masked.
    private var scalars: [Unicode.Scalar]
    private var diagnostics = DiagnosticList()
    private var doubledKeys: [String] = []
    private var nodes = 0

    /// A profile has a few kilobytes; much more is a wrong file.
    private static let maximumLength = 256 * 1024
    /// Aliases of aliases could make a short text endless.
    private static let maximumNodes = 20_000
    /// Masks for doubled keys: private use characters, which no key has. Their number bounds how
    /// often the text is read again.
    private static let masks: Range<UInt32> = 0xE000..<0xE040

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    static func parse(_ text: String) -> (document: DocumentNode?, diagnostics: DiagnosticList) {
        var parser = DocumentParser(text)
        let document = parser.document()
        return (document, parser.diagnostics)
    }

    private mutating func document() -> DocumentNode? {
        guard scalars.count <= Self.maximumLength else {
            diagnostics.error(
                .start, "the file has \(scalars.count) characters",
                "A profile has at most \(Self.maximumLength): is this the right file?")
            return nil
        }
        for _ in 0...Self.masks.count {
            do {
                // Without the rules that guess types: a value is text until the language says more,
                // and these rules are regular expressions, for which Foundation loads all of ICU.
                guard let root = try Yams.compose(yaml: text, .basic) else {
                    diagnostics.error(.start, "the file is empty", "Describe a wallbox in it")
                    return nil
                }
                return node(root)
            } catch YamlError.duplicatedKeysInMapping(_, let context) {
                guard mask(keyAt: Place(context.mark)) else { return nil }
            } catch {
                report(error)
                return nil
            }
        }
        return nil
    }

    private var text: String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    // MARK: - Nodes

    private mutating func node(_ node: Node) -> DocumentNode {
        let place = Place(node.mark)
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            if nodes == Self.maximumNodes + 1 {
                diagnostics.error(
                    place, "the file has more than \(Self.maximumNodes) values",
                    "Aliases may multiply them: write values where they are needed")
            }
            return DocumentNode(place: place, content: .scalar(""))
        }
        switch node {
        case .scalar(let scalar):
            let text = scalar.style == .plain && ["~", "null"].contains(scalar.string)
            return DocumentNode(
                place: place, content: .scalar(text ? "" : scalar.string.trimmingBlanks()))
        case .sequence(let sequence):
            return DocumentNode(
                place: place, content: .sequence(sequence.map { self.node($0) }))
        case .mapping(let mapping):
            return DocumentNode(
                place: place, content: .mapping(mapping.compactMap { entry($0.key, $0.value) }))
        case .alias:
            // The parser puts the value in an alias's place; one that is left has none.
            return DocumentNode(place: place, content: .scalar(""))
        }
    }

    private mutating func entry(_ key: Node, _ value: Node) -> DocumentNode.Entry? {
        let place = Place(key.mark)
        guard case .scalar(let scalar) = key else {
            diagnostics.error(place, "a key is a list or a mapping", "Keys are words or numbers")
            return nil
        }
        if let masked = doubledKey(scalar.string) {
            _ = node(value)
            diagnostics.error(
                place, "the key '\(masked)' is given again below", "Keep one of the two")
            return nil
        }
        return DocumentNode.Entry(
            key: scalar.string.trimmingBlanks(), keyPlace: place, value: node(value))
    }

    // MARK: - Doubled keys

    /// Yams stops at the first mapping with a doubled key. So that one mistake does not hide the
    /// others, the first of the two is masked and the text is read again; `entry` reports it.
    private mutating func mask(keyAt place: Place) -> Bool {
        guard var index = index(of: place), doubledKeys.count < Self.masks.count,
            let mask = Unicode.Scalar(Self.masks.lowerBound + UInt32(doubledKeys.count))
        else {
            diagnostics.error(place, "a key is given twice", "Keep one of the two")
            return false
        }
        if ["\"", "'"].contains(scalars[index]) { index += 1 }
        let key = scalars[index...].prefix { !"\"':\r\n".unicodeScalars.contains($0) }
        doubledKeys.append(String(String.UnicodeScalarView(key)).trimmingBlanks())
        scalars[index] = mask
        return true
    }

    private func doubledKey(_ key: String) -> String? {
        guard let first = key.unicodeScalars.first?.value, Self.masks.contains(first) else {
            return nil
        }
        let index = Int(first - Self.masks.lowerBound)
        return doubledKeys.indices.contains(index) ? doubledKeys[index] : nil
    }

    private func index(of place: Place) -> Int? {
        var line = 1
        var index = 0
        while line < place.line {
            guard let lineBreak = scalars[index...].firstIndex(of: "\n") else { return nil }
            index = lineBreak + 1
            line += 1
        }
        index += place.column - 1
        return scalars.indices.contains(index) ? index : nil
    }

    // MARK: - Errors of the parser

    private mutating func report(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            // libYAML: "did not find expected key", "while parsing a block mapping".
            let position = context.map {
                " (\($0.text.trimmingBlanks()) from line \($0.mark.line))"
            }
            diagnostics.error(
                Place(mark), "this is no YAML: \(problem)\(position ?? "")",
                "Look at indentation, brackets and quotes here and just above")
        case .reader(let problem, _, _, _):
            diagnostics.error(
                .start, "the file has characters that YAML does not allow: \(problem)",
                "Save it as UTF-8 text")
        default:
            diagnostics.error(.start, "the file cannot be read as YAML: \(error)", "")
        }
    }
}

extension Place {
    fileprivate init(_ mark: Mark?) {
        self.init(line: max(mark?.line ?? 1, 1), column: max(mark?.column ?? 1, 1))
    }
}
