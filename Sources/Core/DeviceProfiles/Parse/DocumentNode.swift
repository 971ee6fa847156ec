/// A place in a profile file, both from 1; columns count Unicode scalars, as libYAML does.
struct Place: Hashable, Sendable, Comparable {
    var line: Int
    var column: Int
    /// Where it stands really, when this is the place of the key that inherits it.
    var origin: Origin?

    /// A line of a profile that is extended.
    struct Origin: Hashable, Sendable {
        var profile: String
        var line: Int
    }

    static let start = Place(line: 1, column: 1)

    static func < (left: Place, right: Place) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// What a YAML file says, with the place of everything, before anything is understood.
///
/// Scalars stay text: what `on` or `010` means depends on where it stands, and the surprises of
/// YAML's own types (`no` as a truth value, octal numbers) never come up.
struct DocumentNode: Hashable, Sendable {
    var place: Place
    var content: Content

    enum Content: Hashable, Sendable {
        /// Blanks around it removed; empty when the file gives no value.
        case scalar(String)
        case sequence([DocumentNode])
        case mapping([Entry])
    }

    struct Entry: Hashable, Sendable {
        var key: String
        var keyPlace: Place
        var value: DocumentNode
    }

    /// The kind of node in words, for messages.
    var kind: String {
        switch content {
        case .scalar(""): "nothing"
        case .scalar(let text): "'\(text)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
