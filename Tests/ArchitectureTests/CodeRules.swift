/// Rules about what may stand in a file: each takes one file and says what is wrong in it.
enum CodeRules {
    /// Model and Core touch no clock, task, socket, file or terminal, and nothing that differs from one
    /// process to the next.
    static func purity(_ file: SourceFile) -> [Violation] {
        guard file.isPure else { return [] }
        return words(file, among: impureWords, complaint: "is not for Model and Core")
            + texts(file, among: ["[:]"], complaint: unordered)
            + dictionaryTypes(file) + unseededRandom(file) + asynchrony(file)
    }

    private static let impureWords = [
        // Clocks and time.
        "ContinuousClock", "SuspendingClock", "Date", "DispatchTime", "clock_gettime",
        "gettimeofday", "Timer",
        // Tasks, threads and waiting.
        "await", "Task", "TaskLocal", "withTaskGroup", "withThrowingTaskGroup",
        "withDiscardingTaskGroup", "actor", "Thread", "DispatchQueue", "Mutex",
        "Atomic", "usleep", "nanosleep",
        // The world.
        "print", "debugPrint", "dump", "readLine", "FileManager", "FileHandle", "ProcessInfo",
        "getenv", "fopen", "Logger", "CommandLine",
        // Seeded anew in every process.
        "Hasher", "hashValue", "SystemRandomNumberGenerator", "ObjectIdentifier",
        // Their order differs from run to run; what is not there is not iterated.
        "Dictionary", "Set",
    ]

    private static let unordered =
        "has no stable order: Model and Core keep arrays, so that a seed always gives one trace"

    /// `[Key: Value]`, as a type or at the start of a literal.
    private static func dictionaryTypes(_ file: SourceFile) -> [Violation] {
        found(in: file) { line in
            let pieces = line.split(separator: "[").dropFirst()
            let isDictionary = pieces.contains { piece in
                let key = piece.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
                let after = piece.dropFirst(key.count)
                return key.first?.isUppercase == true && after.hasPrefix(": ")
            }
            return isDictionary ? "a dictionary \(unordered)" : nil
        }
    }

    /// Randomness comes with its generator, which has a seed.
    private static func unseededRandom(_ file: SourceFile) -> [Violation] {
        found(in: file) { line in
            let isUnseeded =
                line.contains("shuffled()") || line.contains("shuffle()")
                || line.contains("randomElement()")
                || (line.contains(".random(") && !line.contains("using:"))
            return isUnseeded ? "randomness without `using:` cannot be replayed" : nil
        }
    }

    /// Ports may be asynchronous, since shells implement them. Nothing else in the pure rings is.
    private static func asynchrony(_ file: SourceFile) -> [Violation] {
        let ports = [
            "Sources/Core/ChargeControl/Ports/", "Sources/Model/Modbus/ModbusBus.swift",
            "Sources/Model/ChargeModel/TimePoint.swift",
        ]
        guard !ports.contains(where: file.path.hasPrefix) else { return [] }
        return words(file, among: ["async", "AsyncStream"], complaint: "is for ports alone")
    }

    /// Traps, loose ends, and errors thrown away.
    static func looseEnds(_ file: SourceFile) -> [Violation] {
        guard file.path.hasSuffix(".swift") else { return [] }
        return texts(
            file, among: ["try!", "as!", "try?", "Task.detached", "nonisolated(unsafe)"],
            complaint: "is not used here")
            + words(file, among: ["fatalError", "unsafeBitCast"], complaint: "is not used here")
            + emptyCatches(file) + prints(file)
    }

    /// `catch {}`, also over two lines, without a word of why.
    private static func emptyCatches(_ file: SourceFile) -> [Violation] {
        file.lines.indices.compactMap { index in
            let text = file.lines[index].filter { $0 != " " }
            let next =
                index + 1 < file.lines.count ? file.lines[index + 1].filter { $0 != " " } : ""
            guard text.hasSuffix("catch{}") || (text.hasSuffix("catch{") && next == "}") else {
                return nil
            }
            return Violation(path: file.path, line: index + 1, complaint: "an empty catch")
        }
    }

    /// Only commands talk to the terminal.
    private static func prints(_ file: SourceFile) -> [Violation] {
        let commands = ["Sources/EVSEAgent/", "Sources/Proof/SimulateSeeds/"]
        guard file.path.hasPrefix("Sources/"), !commands.contains(where: file.path.hasPrefix) else {
            return []
        }
        return words(file, among: ["print", "debugPrint", "dump"], complaint: "in a library")
    }

    /// Unfinished work is in the tracker, not in comments.
    static func reminders(_ file: SourceFile) -> [Violation] {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        return file.lines.enumerated().compactMap { index, line in
            let found = line.split { !$0.isLetter }.first { words.contains(String($0)) }
            guard let found else { return nil }
            return Violation(path: file.path, line: index + 1, complaint: "\(found) is left")
        }
    }

    /// An unchecked promise to the compiler carries its proof right before it.
    static func unprovenSendable(_ file: SourceFile) -> [Violation] {
        file.code.enumerated().compactMap { index, line in
            guard line.contains("@unchecked Sendable") else { return nil }
            let above = file.lines[max(0, index - 12)..<index]
            guard !above.contains(where: { $0.contains("Why `@unchecked Sendable` holds") }) else {
                return nil
            }
            return Violation(
                path: file.path, line: index + 1,
                complaint: "say above it: Why `@unchecked Sendable` holds: ...")
        }
    }

    /// Tasks are structured: one that nobody awaits has its reason beside it.
    static func looseTasks(_ file: SourceFile) -> [Violation] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        return file.code.enumerated().compactMap { index, line in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "{") }
            guard
                let place = words.firstIndex(of: "Task"), place + 1 < words.count,
                words[place + 1] == "{" || words[place + 1] == "Task{"
            else { return nil }
            let above = file.lines[max(0, index - 4)..<index]
            guard !above.contains(where: { $0.contains("Why this task is unstructured:") }) else {
                return nil
            }
            return Violation(
                path: file.path, line: index + 1,
                complaint: "say above it: Why this task is unstructured: ...")
        }
    }

    /// A file fits a reader, and its lines fit the page.
    static func size(_ file: SourceFile) -> [Violation] {
        guard file.path.hasSuffix(".swift"), file.lines.count > 401 else { return [] }
        return [
            Violation(
                path: file.path, line: nil,
                complaint: "\(file.lines.count - 1) lines; split it at 400")
        ]
    }

    /// Names that say nothing.
    static func names(_ file: SourceFile) -> [Violation] {
        let empty = [
            "Utils", "Util", "Utilities", "Common", "Misc", "Manager", "Helper", "Helpers",
        ]
        let parts = file.folders + [file.name]
        var violations: [Violation] = []
        for part in parts where empty.contains(where: { part == $0 || endsInWord(part, $0) }) {
            violations.append(
                Violation(path: file.path, line: nil, complaint: "\(part) says nothing"))
        }
        guard file.path.hasSuffix(".swift") else { return violations }
        return violations
            + found(in: file) { line in
                let declared = declaredType(in: line)
                guard let declared, empty.contains(where: { endsInWord(declared, $0) }) else {
                    return nil
                }
                return "\(declared) says nothing"
            }
    }

    private static func endsInWord(_ name: String, _ word: String) -> Bool {
        name == word || (name.hasSuffix(word) && !["FileManager"].contains(name))
    }

    private static func declaredType(in line: String) -> String? {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        let kinds: [Substring] = ["struct", "class", "enum", "actor", "protocol"]
        guard let place = words.firstIndex(where: kinds.contains), place + 1 < words.count else {
            return nil
        }
        return String(words[place + 1])
    }

    /// Nothing of the place where the code was written is in it: no paths of a machine.
    static func places(_ file: SourceFile) -> [Violation] {
        let places = ["/wo" + "rk/", "../sha" + "red", "/ro" + "ot/", "/home" + "/"]
        return file.lines.enumerated().compactMap { index, line in
            guard let place = places.first(where: { line.contains($0) }) else { return nil }
            return Violation(
                path: file.path, line: index + 1,
                complaint: "names \(place), a place of one machine")
        }
    }
}

// MARK: - Looking for words

extension CodeRules {
    private static func words(
        _ file: SourceFile, among words: [String], complaint: String
    ) -> [Violation] {
        found(in: file) { line in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                .first { words.contains(String($0)) }
            return words.map { "\($0) \(complaint)" }
        }
    }

    private static func texts(
        _ file: SourceFile, among texts: [String], complaint: String
    ) -> [Violation] {
        found(in: file) { line in
            texts.first { stands($0, in: line) }.map { "\($0) \(complaint)" }
        }
    }

    /// Whether the text is there, and not as the end of a longer word (`Entry?` is no `try?`).
    private static func stands(_ text: String, in line: String) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: text) {
            guard let before = line[..<range.lowerBound].last, before.isLetter else { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    /// At most one violation a line.
    private static func found(
        in file: SourceFile, _ complaint: (String) -> String?
    ) -> [Violation] {
        file.code.enumerated().compactMap { index, line in
            complaint(line).map { Violation(path: file.path, line: index + 1, complaint: $0) }
        }
    }
}
