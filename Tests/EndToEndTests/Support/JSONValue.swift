import Foundation

/// Any JSON, to compare and to walk through.
enum JSONValue: Equatable, Sendable, Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
            return
        }
        // Each kind is tried in turn; the last one's error is the one that is thrown.
        do { self = .bool(try container.decode(Bool.self)) } catch {
            do { self = .number(try container.decode(Double.self)) } catch {
                do { self = .string(try container.decode(String.self)) } catch {
                    do { self = .array(try container.decode([JSONValue].self)) } catch {
                        self = .object(try container.decode([String: JSONValue].self))
                    }
                }
            }
        }
    }

    init(parsing text: String) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    /// A member or an element by path, such as `data.items.0.state`; nil where there is none.
    subscript(path: String) -> JSONValue? {
        var value = self
        for step in path.split(separator: ".") {
            switch value {
            case .object(let members):
                guard let member = members[String(step)] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Int(step), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var figure: Double? {
        if case .number(let number) = self { number } else { nil }
    }

    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    private var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Where the other differs: in keys, kinds, lengths, and in value but for the named members, which
    /// may differ in value (and, for arrays of strings, in length).
    func differences(
        from other: JSONValue, byKindAlone names: [String], at path: String = "$",
        isFree: Bool = false
    ) -> [String] {
        switch (self, other) {
        case (.object(let expected), .object(let actual)):
            guard expected.keys.sorted() == actual.keys.sorted() else {
                return ["\(path) has \(actual.keys.sorted()), not \(expected.keys.sorted())"]
            }
            return expected.keys.sorted().flatMap { key in
                (expected[key] ?? .null).differences(
                    from: actual[key] ?? .null, byKindAlone: names, at: "\(path).\(key)",
                    isFree: isFree || names.contains(key))
            }
        case (.array(let expected), .array(let actual)):
            guard expected.count == actual.count || (isFree && !actual.isEmpty) else {
                return ["\(path) has \(actual.count) elements, not \(expected.count)"]
            }
            return zip(expected, actual).enumerated().flatMap { index, pair in
                pair.0.differences(
                    from: pair.1, byKindAlone: names, at: "\(path)[\(index)]", isFree: isFree)
            }
        default:
            guard kind == other.kind else { return ["\(path) is \(other.kind), not \(kind)"] }
            return isFree || self == other ? [] : ["\(path) is \(other), not \(self)"]
        }
    }
}
