/// A decimal number, `significand * 10^exponent`, exact where binary floating point is not: 7.4 kW are
/// 7400 W, and a limit never grows by conversion.
///
/// Always in lowest terms, so that 1, 1.0 and 10e-1 are equal.
package struct JSONNumber: Hashable, Sendable {
    /// Exponents end at +-99,999: a body is shorter than what could bring a greater one back into the
    /// range of any quantity, and what is written is read as the same number.
    package static let maximumExponent = 99_999

    package let significand: Int
    package let exponent: Int

    package init(significand: Int, exponent: Int) {
        guard significand != 0 else {
            self.significand = 0
            self.exponent = 0
            return
        }
        var (significand, exponent) = (significand, exponent)
        while significand.isMultiple(of: 10) {
            significand /= 10
            exponent += 1
        }
        self.significand = significand
        self.exponent = min(max(exponent, -Self.maximumExponent), Self.maximumExponent)
    }

    package init(_ integer: Int) {
        self.init(significand: integer, exponent: 0)
    }

    /// A number of thousandths, rounded to a number of decimals, halves away from zero: what a
    /// person or a chart is shown of a measurement.
    ///
    /// - Parameter decimals: 0 to 3.
    package init(thousandths: Int, decimals: Int) {
        precondition(0...3 ~= decimals, "thousandths have 0 to 3 decimals, not \(decimals)")
        var step = 1
        for _ in decimals..<3 { step *= 10 }
        let half = thousandths < 0 ? -(step / 2) : step / 2
        let (rounded, overflow) = thousandths.addingReportingOverflow(half)
        self.init(significand: (overflow ? thousandths : rounded) / step, exponent: -decimals)
    }

    /// The value times 1000, rounded towards zero; nil when it does not fit.
    package var thousandths: Int? { scaled(by: 3)?.value }

    /// The value where it is whole and fits; else nil.
    package var integer: Int? { exponent < 0 ? nil : scaled(by: 0)?.value }

    /// Whether the value lies in a range of thousandths; exact, so that 50.0001 is above 50.
    package func isThousandths(in range: ClosedRange<Int>) -> Bool {
        guard let (value, isExact) = scaled(by: 3), range.contains(value) else { return false }
        if isExact { return true }
        return significand > 0 ? value < range.upperBound : value > range.lowerBound
    }

    /// The value times `10^power`, rounded towards zero; nil when it does not fit.
    private func scaled(by power: Int) -> (value: Int, isExact: Bool)? {
        var value = significand
        var isExact = true
        var shift = exponent + power
        while shift > 0, value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
            shift -= 1
        }
        while shift < 0, value != 0 {
            isExact = isExact && value.isMultiple(of: 10)
            value /= 10
            shift += 1
        }
        return (value, isExact)
    }
}

extension JSONNumber: CustomStringConvertible {
    /// As JSON writes it, in the fewest characters: 7, not 7.0.
    package var description: String {
        let digits = String(significand.magnitude)
        let sign = significand < 0 ? "-" : ""
        switch exponent {
        case 0:
            return sign + digits
        case 1...18:
            return sign + digits + String(repeating: "0", count: exponent)
        case -18..<0:
            let padded = String(repeating: "0", count: max(0, 1 - exponent - digits.count)) + digits
            return "\(sign)\(padded.dropLast(-exponent)).\(padded.suffix(-exponent))"
        default:
            return "\(sign)\(digits)e\(exponent)"
        }
    }
}
