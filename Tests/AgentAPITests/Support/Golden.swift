import Foundation
import Testing

@testable import AgentAPI

/// A file of `Golden/`: what an answer must be, key for key in this order, and value for value but for
/// what is random or a moment of the run.
struct Golden {
    private static let varying = ["requestId", "timestamp"]

    let name: String
    private let expected: JSON

    /// - Parameter name: With `RECORD_GOLDEN` in the environment the file is written, not compared
    ///   (but for the public sample, which is given).
    init(_ name: String) throws {
        self.name = name
        guard !Self.isRecording(name) else {
            expected = .null
            return
        }
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
        expected = try JSONParser.parse(Array(try Data(contentsOf: url)))
    }

    private static func isRecording(_ name: String) -> Bool {
        ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil && name != "list-ev-charger"
    }

    func expect(_ answer: Answer, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let actual = try answer.json()
        guard !Self.isRecording(name) else {
            try Data((actual.indented() + "\n").utf8).write(to: Self.source(name))
            return
        }
        for difference in Self.differences(expected, actual, at: "$") {
            Issue.record("\(name).json: \(difference)", sourceLocation: sourceLocation)
        }
    }

    private static func source(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(name).json")
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

extension JSON {
    /// For people: two spaces a level.
    fileprivate func indented(_ margin: String = "") -> String {
        let inner = margin + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map {
                inner + String(decoding: JSON.string($0.name).utf8, as: UTF8.self) + ": "
                    + $0.value.indented(inner)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + $0.indented(inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(margin)]"
        default:
            return String(decoding: utf8, as: UTF8.self)
        }
    }
}
