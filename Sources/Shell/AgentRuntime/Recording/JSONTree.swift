/// Any JSON, as it was written: numbers that fit into 64 bits stay exact.
indirect enum JSONTree: Hashable, Sendable, Codable {
    case null
    case truth(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case fraction(Double)
    case text(String)
    case list([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // One of them succeeds: JSON has nothing else.
        if container.decodeNil() {
            self = .null
        } else if let value = Self.decoded(Bool.self, container) {
            self = .truth(value)
        } else if let value = Self.decoded(Int64.self, container) {
            self = .integer(value)
        } else if let value = Self.decoded(UInt64.self, container) {
            self = .unsigned(value)
        } else if let value = Self.decoded(Double.self, container) {
            self = .fraction(value)
        } else if let value = Self.decoded(String.self, container) {
            self = .text(value)
        } else if let value = Self.decoded([JSONTree].self, container) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    private static func decoded<Value: Decodable>(
        _ type: Value.Type, _ container: any SingleValueDecodingContainer
    ) -> Value? {
        do {
            return try container.decode(type)
        } catch {
            // It is something else.
            return nil
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .truth(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .fraction(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }

    /// What stands under a key, or at a place of a list; nothing is set where there is neither.
    subscript(key: String) -> JSONTree? {
        get {
            guard case .object(let values) = self else { return nil }
            return values[key]
        }
        set {
            guard case .object(var values) = self else { return }
            values[key] = newValue
            self = .object(values)
        }
    }

    var elements: [JSONTree] {
        guard case .list(let values) = self else { return [] }
        return values
    }

    /// Adds a key wherever the other tree has it at the same place and this one has not.
    func adding(_ key: String, from other: JSONTree) -> JSONTree {
        switch (self, other) {
        case (.object(var values), .object(let others)):
            for (name, value) in values {
                if let same = others[name] { values[name] = value.adding(key, from: same) }
            }
            // Objects without a key in common are two cases of an enumeration.
            if values.keys.contains(where: { others[$0] != nil }) {
                values[key] = values[key] ?? others[key]
            }
            return .object(values)
        case (.list(let values), .list(let others)) where values.count == others.count:
            return .list(zip(values, others).map { $0.adding(key, from: $1) })
        default:
            return self
        }
    }
}
