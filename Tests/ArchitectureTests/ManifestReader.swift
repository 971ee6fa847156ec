import Foundation

/// Reads which targets `Package.swift` declares and what each depends on, from its text: asking the
/// package manager takes seconds and a lock that the running tests hold.
enum ManifestReader {
    struct Target: Equatable {
        var name: String
        /// Names in quotes inside of the declaration; our own targets among them are dependencies.
        var dependencies: [String]
    }

    /// The declarations `ring("Core", "Name", [...])`, `test("Name", [...])`, and `.target(name:
    /// "Name", ...)` in all their kinds.
    static func targets(in manifest: String) -> [Target] {
        let openings = ["ring(", "test(", ".target(", ".executableTarget(", ".systemLibrary("]
        var targets: [Target] = []
        guard let start = manifest.range(of: "targets: [\n") else { return [] }
        var rest = manifest[start.upperBound...]
        while !rest.isEmpty {
            guard let opening = openings.first(where: { rest.hasPrefix($0) }) else {
                // A comment may hold anything.
                rest = rest.hasPrefix("//") ? rest.drop { $0 != "\n" } : rest.dropFirst()
                continue
            }
            rest = rest.dropFirst(opening.count)
            let body = body(of: rest)
            rest = rest.dropFirst(body.count)
            var names = quoted(in: body)
            if opening == "ring(" { names = Array(names.dropFirst()) }
            guard let name = names.first else { continue }
            targets.append(Target(name: name, dependencies: Array(names.dropFirst())))
        }
        return targets
    }

    /// Up to the parenthesis that closes the declaration.
    private static func body(of text: Substring) -> Substring {
        var depth = 1
        return text.prefix { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return depth > 0
        }
    }

    private static func quoted(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }
}
