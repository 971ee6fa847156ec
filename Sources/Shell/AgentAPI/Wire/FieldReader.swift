/// Takes an object of a request apart field by field, and in the end names what nobody asked for
/// (requirement R37). Every error carries the path of its field, such as `action.command`.
struct FieldReader {
    /// Of the object itself; empty for the body.
    let path: String
    private let members: [JSON.Member]
    private var taken: [String] = []

    /// - Throws: `INVALID_REQUEST` where the value is no object.
    init(_ value: JSON, at path: String = "") throws(APIError) {
        guard case .object(let members) = value else {
            throw APIError.invalid(
                path.isEmpty ? "body" : path, "must be an object, not \(value.kind)")
        }
        self.path = path
        self.members = members
    }

    var names: [String] { members.map(\.name) }

    /// The path of a field of this object.
    func path(of name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// The value as it came; nil where the field is not there.
    mutating func value(_ name: String) -> JSON? {
        taken.append(name)
        return members.first { $0.name == name }?.value
    }

    /// nil where the field is not there or null.
    mutating func optionalString(
        _ name: String, maximumLength: Int = 64
    ) throws(APIError) -> String? {
        switch value(name) {
        case nil, .null:
            return nil
        case .string(let string):
            guard string.utf8.count <= maximumLength else {
                throw APIError.invalid(path(of: name), "is longer than \(maximumLength) bytes")
            }
            return string
        case .some(let other):
            throw APIError.invalid(path(of: name), "must be a string, not \(other.kind)")
        }
    }

    mutating func string(_ name: String, maximumLength: Int = 64) throws(APIError) -> String {
        guard let string = try optionalString(name, maximumLength: maximumLength) else {
            throw missing(name)
        }
        return string
    }

    mutating func number(_ name: String) throws(APIError) -> JSONNumber {
        switch value(name) {
        case .number(let number): return number
        case nil, .null: throw missing(name)
        case .some(let other):
            throw APIError.invalid(path(of: name), "must be a number, not \(other.kind)")
        }
    }

    /// A whole number in a range; nil where the field is not there or null.
    mutating func optionalInteger(
        _ name: String, in range: ClosedRange<Int>
    ) throws(APIError) -> Int? {
        switch value(name) {
        case nil, .null:
            return nil
        case .number(let number):
            guard let integer = number.integer, range.contains(integer) else {
                throw APIError.invalid(
                    path(of: name),
                    "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return integer
        case .some(let other):
            throw APIError.invalid(path(of: name), "must be a number, not \(other.kind)")
        }
    }

    /// nil where the field is not there or null.
    mutating func optionalObject(_ name: String) throws(APIError) -> FieldReader? {
        switch value(name) {
        case nil, .null: nil
        case .some(let value): try FieldReader(value, at: path(of: name))
        }
    }

    mutating func object(_ name: String) throws(APIError) -> FieldReader {
        guard let object = try optionalObject(name) else { throw missing(name) }
        return object
    }

    /// Every element an object.
    mutating func objects(_ name: String) throws(APIError) -> [FieldReader] {
        guard let elements = try optionalArray(name) else { throw missing(name) }
        let path = path(of: name)
        return try elements.enumerated().map { place, value throws(APIError) in
            try FieldReader(value, at: "\(path)[\(place)]")
        }
    }

    /// Every element a string; nil where the field is not there or null.
    mutating func optionalStrings(
        _ name: String, maximumLength: Int = 64
    ) throws(APIError) -> [String]? {
        guard let elements = try optionalArray(name) else { return nil }
        let path = path(of: name)
        return try elements.enumerated().map { place, value throws(APIError) in
            guard case .string(let string) = value else {
                throw APIError.invalid("\(path)[\(place)]", "must be a string, not \(value.kind)")
            }
            guard string.utf8.count <= maximumLength else {
                throw APIError.invalid(
                    "\(path)[\(place)]", "is longer than \(maximumLength) bytes")
            }
            return string
        }
    }

    private mutating func optionalArray(_ name: String) throws(APIError) -> [JSON]? {
        switch value(name) {
        case nil, .null: return nil
        case .array(let elements): return elements
        case .some(let other):
            throw APIError.invalid(path(of: name), "must be an array, not \(other.kind)")
        }
    }

    /// Ends the reading: what was not asked for is an error.
    func finish() throws(APIError) {
        guard let unknown = members.first(where: { !taken.contains($0.name) }) else { return }
        throw APIError.invalid(path(of: unknown.name), "is not a field of this request")
    }

    private func missing(_ name: String) -> APIError {
        APIError.invalid(path(of: name), "is missing")
    }
}
