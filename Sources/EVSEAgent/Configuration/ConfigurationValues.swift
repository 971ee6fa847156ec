import ChargeModel

/// How each kind of value is written in the configuration. Values stay text until here: what YAML
/// itself would make of `on`, `010` or `1e3` never comes up.
enum ConfigurationValues {
    static func truth(_ text: String) throws(ConfigurationProblem) -> Bool {
        switch text {
        case "true": true
        case "false": false
        default:
            throw ConfigurationProblem("'\(text)' is not a truth value", "Write true or false")
        }
    }

    static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String
    ) throws(ConfigurationProblem) -> Word {
        guard let word = Word(rawValue: text) else {
            throw ConfigurationProblem(
                "'\(text)' is not known here",
                SpellingSuggestion.remedy(
                    for: text, among: Word.allCases.map(\.rawValue), "words"))
        }
        return word
    }

    static func number(
        _ text: String, in range: ClosedRange<Int>, _ what: String
    ) throws(ConfigurationProblem) -> Int {
        guard isDigits(text), let number = Int(text), range.contains(number) else {
            throw ConfigurationProblem(
                "'\(text)' is not \(what)",
                "Write a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `500ms`, `1s`, `2m`.
    static func duration(
        _ text: String, in range: ClosedRange<Duration>, _ rangeText: String
    ) throws(ConfigurationProblem) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        // Nine digits of minutes are far from the end of what a duration holds.
        guard 1...9 ~= digits.count, let number = Int64(digits) else {
            throw ConfigurationProblem(
                "'\(text)' is not a duration", "Write it such as 500ms, 1s or 2m")
        }
        let duration: Duration
        switch text.dropFirst(digits.count) {
        case "ms": duration = .milliseconds(number)
        case "s": duration = .seconds(number)
        case "m": duration = .seconds(number * 60)
        default:
            throw ConfigurationProblem(
                "'\(text)' is not a duration",
                "Write a whole number and its unit: ms, s or m, such as 500ms, 1s or 2m")
        }
        guard range.contains(duration) else {
            throw ConfigurationProblem("\(text) is out of range", "Write \(rangeText)")
        }
        return duration
    }

    /// Amperes with at most three decimals, such as `16` or `13.5`.
    static func current(_ text: String) throws(ConfigurationProblem) -> Milliamperes {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1]) : "0"
        guard (1...2).contains(parts.count), isDigits(parts[0]), isDigits(fraction),
            parts[0].count <= 4, fraction.count <= 3,
            let amperes = Int(parts[0]),
            let thousandths = Int(fraction + String(repeating: "0", count: 3 - fraction.count))
        else {
            throw ConfigurationProblem(
                "'\(text)' is not a current",
                "Write amperes per phase, with at most three decimals, such as 16 or 13.5")
        }
        return Milliamperes(amperes * 1000 + thousandths)
    }

    /// A name for people: 1 to 64 characters without control characters.
    static func label(_ text: String) throws(ConfigurationProblem) -> String {
        let isPrintable = text.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control
        }
        guard 1...64 ~= text.unicodeScalars.count, isPrintable else {
            throw ConfigurationProblem(
                "the text is empty, too long or has control characters",
                "Write 1 to 64 characters on one line")
        }
        return text
    }

    static func chargerID(_ text: String) throws(ConfigurationProblem) -> ChargerID {
        let isAllowed = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-")
        }
        guard 1...64 ~= text.count, isAllowed else {
            throw ConfigurationProblem(
                "'\(text)' cannot be the id of a charger",
                "Write 1 to 64 letters, digits, _ or -, such as device_ev_001")
        }
        return ChargerID(text)
    }

    static func absolutePath(_ text: String) throws(ConfigurationProblem) -> String {
        guard text.hasPrefix("/"), !text.contains("\0") else {
            throw ConfigurationProblem(
                "'\(text)' is not an absolute path",
                "Begin it with /, for the agent may be started from anywhere")
        }
        return text
    }

    static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
    }
}
