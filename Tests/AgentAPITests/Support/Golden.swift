import Foundation
import Testing

@testable import AgentAPI

/// A file of `Golden/`: what an answer must be, key for key in this order, and value for value but for
/// what is random or a moment of the run.
struct Golden {
    private static let varying = ["requestId", "timestamp"]

    let name: String
    private let expected: JSON

    init(_ name: String) throws {
        self.name = name
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
        expected = try JSONParser.parse(Array(try Data(contentsOf: url)))
    }

    func expect(_ answer: Answer, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let actual = try answer.json()
        for difference in Self.differences(expected, actual, at: "$") {
            Issue.record("\(name).json: \(difference)", sourceLocation: sourceLocation)
        }
    }

    static func differences(_ expected: JSON, _ actual: JSON, at path: String) -> [String] {
        switch (expected, actual) {
        case (.object(let left), .object(let right)):
            guard left.map(\.name) == right.map(\.name) else {
                return ["\(path) has \(right.map(\.name)), not \(left.map(\.name))"]
            }
            return zip(left, right).flatMap { left, right in
                let isVarying = varying.contains(left.name) && path == "$.meta"
                return isVarying && left.value.kind == right.value.kind
                    ? [] : differences(left.value, right.value, at: "\(path).\(left.name)")
            }
        case (.array(let left), .array(let right)):
            guard left.count == right.count else {
                return ["\(path) has \(right.count) elements, not \(left.count)"]
            }
            return zip(left, right).enumerated().flatMap { index, pair in
                differences(pair.0, pair.1, at: "\(path)[\(index)]")
            }
        default:
            return expected == actual ? [] : ["\(path) is \(actual), not \(expected)"]
        }
    }
}
