import Testing

@testable import AgentAPI

/// The OpenAPI document as a judge of answers: validates bodies against its schemas (the part of JSON
/// Schema that it uses; a keyword that is not known here is a problem too, so nothing passes unread).
struct OpenAPIContract {
    static let document: JSON = {
        do {
            return try JSONParser.parse(PackageResources.openapi_json)
        } catch {
            Issue.record("openapi.json: \(error)")
            return .null
        }
    }()

    /// What is wrong with an answer to a request; empty when nothing is.
    static func problems(_ method: String, _ target: String, _ answer: Answer) throws -> [String] {
        let path = String(target.prefix { $0 != "?" })
        let schema = try schema(method, path, answer)
        return problems(try answer.json(), schema, at: "$")
    }

    static func reference(_ name: String) -> JSON {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    /// The templates of all paths with the methods of each, in upper case.
    static let operations: [(path: String, method: String, operation: JSON)] =
        (document["paths"]?.members ?? []).flatMap { path in
            path.value.members.map { (path.name, $0.name.uppercased(), $0.value) }
        }

    private static func schema(_ method: String, _ path: String, _ answer: Answer) throws -> JSON {
        let operation = operations.first { $0.method == method && fits(path, $0.path) }?.operation
        let isOfTheRoute = try !["NOT_FOUND", "METHOD_NOT_ALLOWED"].contains(answer.code)
        guard let operation, isOfTheRoute else { return reference("Error") }
        let response = operation["responses"]?[String(answer.status)].map(resolved)
        let documented = try #require(
            response, "\(method) \(path) documents no \(answer.status)")
        return try #require(
            documented["content"]?["application/json"]?["schema"],
            "\(method) \(path) \(answer.status) has no JSON schema")
    }

    private static func fits(_ path: String, _ template: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let segments = template.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == segments.count
            && zip(parts, segments).allSatisfy { $0 == $1 || $1.hasPrefix("{") }
    }

    private static func resolved(_ value: JSON) -> JSON {
        guard let reference = value["$ref"]?.text else { return value }
        return reference.split(separator: "/").dropFirst().reduce(document) { at, name in
            at[String(name)] ?? .null
        }
    }

    // MARK: Schemas

    static func problems(_ value: JSON, _ schema: JSON, at path: String) -> [String] {
        let schema = resolved(schema)
        guard case .object(let keywords) = schema else { return ["\(path): no such schema"] }
        return keywords.flatMap { keyword in
            problems(value, keyword.name, keyword.value, of: schema, at: path)
        }
    }

    private static func problems(
        _ value: JSON, _ keyword: String, _ argument: JSON, of schema: JSON, at path: String
    ) -> [String] {
        switch keyword {
        case "description", "default": []
        case "type": isOfType(value, argument) ? [] : ["\(path): \(value.kind), not \(argument)"]
        case "const": value == argument ? [] : ["\(path): \(value), not \(argument)"]
        case "enum":
            argument.elements.contains(value) ? [] : ["\(path): \(value) is none of the words"]
        case "oneOf":
            argument.elements.count { problems(value, $0, at: path).isEmpty } == 1
                ? [] : ["\(path): fits not exactly one of the schemas"]
        case "required":
            argument.elements.compactMap(\.text).filter { value[$0] == nil }
                .map { "\(path).\($0): missing" }
        case "properties":
            argument.members.flatMap { property in
                value[property.name].map {
                    problems($0, property.value, at: "\(path).\(property.name)")
                } ?? []
            }
        case "additionalProperties":
            value.members.filter { argument == false && schema["properties"]?[$0.name] == nil }
                .map { "\(path).\($0.name): not in the document" }
        case "items":
            value.elements.enumerated().flatMap {
                problems($1, argument, at: "\(path)[\($0)]")
            }
        default: bounds(value, keyword, argument, at: path)
        }
    }

    private static func bounds(
        _ value: JSON, _ keyword: String, _ argument: JSON, at path: String
    ) -> [String] {
        let isFine: Bool
        switch (keyword, value, argument) {
        case ("minimum", .number(let number), .number(let bound)):
            isFine = number.decimal >= bound.decimal
        case ("maximum", .number(let number), .number(let bound)):
            isFine = number.decimal <= bound.decimal
        case ("minLength", .string(let text), .number(let bound)):
            isFine = Double(text.count) >= bound.decimal
        case ("maxLength", .string(let text), .number(let bound)):
            isFine = Double(text.count) <= bound.decimal
        case ("minItems", .array(let elements), .number(let bound)):
            isFine = Double(elements.count) >= bound.decimal
        case ("maxItems", .array(let elements), .number(let bound)):
            isFine = Double(elements.count) <= bound.decimal
        case ("pattern", .string(let text), .string(let pattern)):
            guard let regex = Self.regex(pattern) else { return ["\(path): bad pattern"] }
            isFine = text.firstMatch(of: regex) != nil
        case ("minimum", _, _), ("maximum", _, _), ("minLength", _, _), ("maxLength", _, _),
            ("minItems", _, _), ("maxItems", _, _), ("pattern", _, _):
            isFine = true
        default:
            return ["\(path): the keyword \(keyword) is not understood"]
        }
        return isFine ? [] : ["\(path): \(value) against \(keyword) \(argument)"]
    }

    private static func regex(_ pattern: String) -> Regex<AnyRegexOutput>? {
        do {
            return try Regex(pattern)
        } catch {
            Issue.record("\(pattern): \(error)")
            return nil
        }
    }

    private static func isOfType(_ value: JSON, _ type: JSON) -> Bool {
        if case .array(let types) = type { return types.contains { isOfType(value, $0) } }
        return switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string),
            ("array", .array), ("object", .object):
            true
        case ("integer", .number(let number)): number.integer != nil
        default: false
        }
    }
}

extension JSON {
    var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }
}

extension JSONNumber {
    /// Near enough for bounds in tests.
    var decimal: Double {
        Double(description) ?? .nan
    }
}
