/// One file of the repository, as the rules see it.
struct SourceFile: Sendable {
    /// From the root of the repository, such as `Sources/Core/ChargerDriver/DriverEngine.swift`.
    let path: String
    let lines: [Substring]
    /// The lines without comments and without what stands in string literals, so that prose that
    /// talks of a forbidden word is not taken for its use.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var reader = CodeReader()
        code = path.hasSuffix(".swift") ? lines.map { reader.code(of: $0) } : lines.map(String.init)
    }

    /// The folder names of the path, without the file's.
    var folders: [String] { path.split(separator: "/").dropLast().map(String.init) }

    /// The file's name without its ending.
    var name: String {
        String((path.split(separator: "/").last ?? "").prefix { $0 != "." && $0 != "+" })
    }

    /// The target a file of `Sources` belongs to; nil for other files.
    var target: String? {
        let folders = folders
        guard folders.first == "Sources", folders.count >= 2 else { return nil }
        return ["Model", "Core", "Shell", "Proof"].contains(folders[1])
            ? folders.dropFirst(2).first : folders[1]
    }

    /// Whether it must touch nothing but values: Model, Core, and the simulation of both.
    var isPure: Bool {
        ["Model/", "Core/", "Proof/AgentSimulation/"].contains {
            path.hasPrefix("Sources/" + $0)
        }
    }

    /// The modules that the file imports, with the line of each.
    var imports: [(module: String, line: Int)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                words[..<place].allSatisfy({ $0.hasPrefix("@") || Self.access.contains(String($0)) }
                )
            else { return nil }
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let path = kinds.contains(String(words[place + 1])) ? words.last : words[place + 1]
            return (String((path ?? "").prefix { $0 != "." }), index + 1)
        }
    }

    private static let access = ["public", "package", "internal", "private", "fileprivate"]
}

/// What a rule has found.
struct Violation: CustomStringConvertible {
    let path: String
    /// From 1; nil when the whole file is meant.
    let line: Int?
    let complaint: String

    var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(complaint)" }
}

/// Takes comments and literals out of Swift lines, one after another. It knows block comments, strings
/// over several lines, raw strings and interpolation; what it does not know is a regex literal.
private struct CodeReader {
    private enum Mode: Equatable {
        case code(parentheses: Int)
        case string(hashes: Int)
        case text(hashes: Int)
        case comment
    }

    private var modes: [Mode] = [.code(parentheses: 0)]

    mutating func code(of line: Substring) -> String {
        // Most lines hold nothing to take out.
        if modes.count == 1, !line.utf8.contains(where: { $0 == 0x22 || $0 == 0x2F }) {
            return String(line)
        }
        var code = ""
        var rest = line
        while let character = rest.first {
            switch modes[modes.count - 1] {
            case .comment:
                if rest.hasPrefix("*/") { modes.removeLast() }
                rest.removeFirst(rest.hasPrefix("*/") ? 2 : 1)
            case .code(let parentheses):
                if rest.hasPrefix("//") { return code }
                if let opening = opening(of: rest) {
                    modes.append(opening.mode)
                    rest.removeFirst(opening.length)
                } else {
                    follow(character, parentheses)
                    code.append(character)
                    rest.removeFirst()
                }
            case .string(let hashes):
                skip(in: &rest, closing: "\"" + hash(hashes), hashes: hashes)
            case .text(let hashes):
                skip(in: &rest, closing: "\"\"\"" + hash(hashes), hashes: hashes)
            }
        }
        if case .string = modes[modes.count - 1] { modes.removeLast() }
        return code
    }

    private func opening(of rest: Substring) -> (mode: Mode, length: Int)? {
        if rest.hasPrefix("/*") { return (.comment, 2) }
        let hashes = rest.prefix { $0 == "#" }.count
        let quotes = rest.dropFirst(hashes).prefix { $0 == "\"" }.count
        if quotes >= 3 { return (.text(hashes: hashes), hashes + 3) }
        return quotes > 0 ? (.string(hashes: hashes), hashes + 1) : nil
    }

    /// Counts parentheses inside of an interpolation, whose last one ends it.
    private mutating func follow(_ character: Character, _ parentheses: Int) {
        guard modes.count > 1 else { return }
        switch character {
        case "(": modes[modes.count - 1] = .code(parentheses: parentheses + 1)
        case ")" where parentheses == 0: modes.removeLast()
        case ")": modes[modes.count - 1] = .code(parentheses: parentheses - 1)
        default: break
        }
    }

    private mutating func skip(in rest: inout Substring, closing: String, hashes: Int) {
        let escape = "\\" + hash(hashes)
        if rest.hasPrefix(closing) {
            modes.removeLast()
            rest.removeFirst(closing.count)
        } else if rest.hasPrefix(escape + "(") {
            modes.append(.code(parentheses: 0))
            rest.removeFirst(escape.count + 1)
        } else if rest.hasPrefix(escape) {
            rest = rest.dropFirst(escape.count + 1)
        } else {
            rest.removeFirst()
        }
    }

    private func hash(_ count: Int) -> String { String(repeating: "#", count: count) }
}
