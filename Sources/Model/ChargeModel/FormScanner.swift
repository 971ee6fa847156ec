/// Reads a short text of a fixed form, such as a time, character by character. ASCII only: nothing
/// depends on a locale.
package struct FormScanner {
    /// What longer rows of digits count as: beyond every bound here, and safe to multiply.
    package static let greatest = 999_999_999

    private var rest: Substring.UTF8View

    package init(_ text: some StringProtocol) {
        rest = Substring(text).utf8
    }

    package var isAtEnd: Bool { rest.isEmpty }

    /// Takes this character if it comes next.
    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// A number of exactly so many digits within a range.
    package mutating func number(digits count: Int, in range: ClosedRange<Int>) -> Int? {
        guard let digits = digits(), digits.count == count, range.contains(digits.value) else {
            return nil
        }
        return digits.value
    }

    /// All digits that come next, at least one. More than nine count as ``greatest``.
    package mutating func digits() -> (value: Int, count: Int)? {
        var value = 0
        var count = 0
        while let digit = rest.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit {
            value = min(value * 10 + Int(digit - UInt8(ascii: "0")), Self.greatest)
            count += 1
            rest.removeFirst()
        }
        return count > 0 ? (value, count) : nil
    }

    /// The digits that come next as billionths: the fraction behind a decimal point. Those after the
    /// ninth count for nothing.
    package mutating func billionths() -> Int? {
        var value = 0
        var place = 100_000_000
        var count = 0
        while let digit = rest.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit {
            value += place * Int(digit - UInt8(ascii: "0"))
            place /= 10
            count += 1
            rest.removeFirst()
        }
        return count > 0 ? value : nil
    }
}
