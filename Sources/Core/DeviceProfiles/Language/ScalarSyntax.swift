/// How single values are written in a profile. Each function gives nil for what is not one.
enum ScalarSyntax {
    /// `yes`, `no`, `true`, `false`.
    static func truth(_ text: String) -> Bool? {
        switch text {
        case "yes", "true": true
        case "no", "false": false
        default: nil
        }
    }

    /// A whole number: decimal, `0x` hexadecimal or `0b` binary; `_` may group digits; `-` in front
    /// of a decimal.
    static func whole(_ text: String) -> Int128? {
        let digits = text.filter { $0 != "_" }
        guard let first = digits.first, first != "+", !text.hasPrefix("_") else { return nil }
        if digits.hasPrefix("0x") { return unsigned(digits.dropFirst(2), radix: 16) }
        if digits.hasPrefix("0b") { return unsigned(digits.dropFirst(2), radix: 2) }
        guard digits.count <= 21 else { return nil }
        return Int128(digits)
    }

    private static func unsigned(_ digits: Substring, radix: Int) -> Int128? {
        UInt64(digits, radix: radix).flatMap { digits.hasPrefix("+") ? nil : Int128($0) }
    }

    /// A number with its unit, `22kW` or `6 A`, in the canonical unit of that dimension; it must
    /// come to a whole number there.
    static func quantity(_ text: String, _ dimension: Dimension) -> Int? {
        let split = text.firstIndex { $0.isLetter } ?? text.endIndex
        guard let number = Rational(String(text[..<split]).trimmingBlanks()),
            let measure = Measure(text[split...]), measure.dimension == dimension
        else { return nil }
        return number.multiplied(by: measure.factor)?.whole
    }

    /// As ``quantity(_:_:)`` of whatever dimension its unit has.
    static func quantity(_ text: String) -> (canonical: Int, dimension: Dimension)? {
        let split = text.firstIndex { $0.isLetter } ?? text.endIndex
        guard let dimension = Measure(text[split...])?.dimension,
            let canonical = quantity(text, dimension)
        else { return nil }
        return (canonical, dimension)
    }

    /// A firmware's version, `v1.22.2`, as its canonical number.
    static func version(_ text: String) -> Int? {
        VersionNumber(literal: text)?.canonical
    }

    /// A time not below 0 with its unit: `500ms`, `30 s`, `2min`; at most a day.
    static func duration(_ text: String) -> Duration? {
        guard let milliseconds = quantity(text, .time), 0...86_400_000 ~= milliseconds else {
            return nil
        }
        return .milliseconds(milliseconds)
    }

    /// The bits of a slice, `16..22` or `5`, counted from 0 for the least.
    static func bits(_ text: String) -> ClosedRange<Int>? {
        let parts = text.split(separator: "..", omittingEmptySubsequences: false)
        let bits = parts.compactMap { whole(String($0)).flatMap { Int(exactly: $0) } }
        guard bits.count == parts.count, let first = bits.first, let last = bits.last,
            bits.count <= 2, first <= last, 0...63 ~= first, 0...63 ~= last
        else { return nil }
        return first...last
    }

    /// A word of the language: lower-case letters, digits and single hyphens, beginning with a
    /// letter.
    static func isName(_ text: String) -> Bool {
        guard let first = text.first, "a"..."z" ~= first, !text.hasSuffix("-"),
            !text.contains("--")
        else { return false }
        return text.allSatisfy { "a"..."z" ~= $0 || "0"..."9" ~= $0 || $0 == "-" }
    }

    /// `left = right`.
    static func assignment(_ text: String) -> (left: String, right: String)? {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            .map { String($0).trimmingBlanks() }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (parts[0], parts[1])
    }
}
