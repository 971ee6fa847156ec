/// A JSON value whose objects keep the order of their members.
///
/// The transfer types of this API are built as such values: that writes every field in the contract's
/// order, and every `null` that the contract has. The same type is what ``JSONParser`` makes of a
/// body, where a boolean is not a number and nothing has been dropped yet.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One name and its value.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The member of an object with this name; nil where there is none, or where this is no object.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The word for what this is, for messages to people.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSON {
    static func integer(_ value: some BinaryInteger) -> JSON {
        .number(JSONNumber(Int(clamping: value)))
    }

    /// The string, or null.
    static func optional(_ value: String?) -> JSON {
        value.map(JSON.string) ?? .null
    }

    static func optional(_ value: Bool?) -> JSON {
        value.map(JSON.bool) ?? .null
    }

    static func optional(_ value: JSONNumber?) -> JSON {
        value.map(JSON.number) ?? .null
    }

    static func strings(_ values: some Sequence<String>) -> JSON {
        .array(values.map(JSON.string))
    }
}

// There is no `nil` literal: where a `JSON?` is expected it would mean null, not absence.
extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
