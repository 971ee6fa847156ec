import ChargeModel

/// A mapping of the profile language: its keys, as the compiler takes them and as `devices/README.md`
/// shows them. What stands in none is no key: the compiler refuses it, and cannot ask for it.
package struct SchemaSection: Sendable {
    /// What the page calls it.
    package let title: String
    package let keys: [SchemaKey]

    init(_ title: String, _ keys: [SchemaKey]) {
        self.title = title
        self.keys = keys
    }

    package var names: [String] { keys.map(\.name) }

    /// - Precondition: It has this key.
    subscript(name: String) -> SchemaKey {
        guard let key = keys.first(where: { $0.name == name }) else {
            preconditionFailure("\(title) has no key '\(name)'")
        }
        return key
    }
}

/// One key: what it takes, what holds without it, and what it says.
package struct SchemaKey: Sendable {
    package let name: String
    package let form: Form
    package let otherwise: Otherwise
    package let meaning: String

    /// What stands behind the key.
    package enum Form: Sendable {
        case whole(ClosedRange<Int>)
        case duration(ClosedRange<Duration>)
        case truth
        /// One of these words.
        case words([String])
        /// In words, for what has a grammar of its own.
        case written(String)
    }

    package enum Otherwise: Hashable, Sendable {
        case required
        /// What is taken, written as in a profile.
        case value(String)
        /// What follows from something else; what must be there sometimes as well.
        case depends(String)
    }

    init(_ name: String, _ form: Form, _ otherwise: Otherwise, _ meaning: String) {
        self.name = name
        self.form = form
        self.otherwise = otherwise
        self.meaning = meaning
    }
}

extension SchemaKey.Form {
    /// The words of an enumeration.
    static func words<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> Self {
        .words(Word.allCases.map(\.rawValue))
    }

    /// The bounds of a whole number.
    var range: ClosedRange<Int> {
        guard case .whole(let range) = self else { preconditionFailure("\(self) is no number") }
        return range
    }

    var durations: ClosedRange<Duration> {
        guard case .duration(let range) = self else {
            preconditionFailure("\(self) is no duration")
        }
        return range
    }
}

// MARK: - The page

/// The reference of the language in `devices/README.md`: a table for each section.
package enum SchemaPage {
    package static var markdown: String {
        SchemaSection.all.map(table).joined(separator: "\n")
    }

    private static func table(_ section: SchemaSection) -> String {
        let head = [
            "**\(section.title)**", "", "| key | takes | otherwise | says |",
            "| --- | --- | --- | --- |",
        ]
        let table = (head + section.keys.map(row)).joined(separator: "\n") + "\n"
        return section.title == SchemaSection.register.title ? table + "\n" + quantities : table
    }

    private static var quantities: String {
        let names = MeasuredQuantity.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        return """
            A register measures one of \(names); others are used by a rule or a command. Of several with one \
            meaning the first that has a value counts; which one counts energy stays so as long as it is the \
            same device.

            """
    }

    private static func row(_ key: SchemaKey) -> String {
        "| `\(key.name)` | \(key.form.forReaders) | \(key.otherwise.forReaders) | \(key.meaning) |"
    }
}

extension SchemaKey.Form {
    fileprivate var forReaders: String {
        switch self {
        case .whole(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .duration(let range): "\(range.lowerBound.inWords) to \(range.upperBound.inWords)"
        case .truth: "`yes`, `no`"
        case .words(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .written(let text): text
        }
    }
}

extension SchemaKey.Otherwise {
    fileprivate var forReaders: String {
        switch self {
        case .required: "required"
        case .value(let text): "`\(text)`"
        case .depends(let text): text
        }
    }
}
