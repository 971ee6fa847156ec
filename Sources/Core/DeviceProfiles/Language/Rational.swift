/// An exact fraction in lowest terms: what decimals, scales and units are read as, so that 0.1 is
/// one tenth.
struct Rational: Hashable, Sendable {
    let numerator: Int
    /// Greater than 0.
    let denominator: Int

    static let one = Rational(whole: 1)

    init(whole: Int) {
        (numerator, denominator) = (whole, 1)
    }

    /// nil when the denominator is 0, or either does not fit in lowest terms.
    init?(_ numerator: Int128, _ denominator: Int128) {
        guard denominator != 0 else { return nil }
        let divisor = Int128(Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude))
        let sign: Int128 = denominator < 0 ? -1 : 1
        guard let top = Int(exactly: sign * numerator / divisor),
            let bottom = Int(exactly: sign * denominator / divisor)
        else { return nil }
        (self.numerator, self.denominator) = (top, bottom)
    }

    /// A decimal (`-0.25`, `16`) or a fraction of decimals (`1/256`), of at most 18 digits each.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let decimals = parts.compactMap { Self.decimal($0) }
        guard decimals.count == parts.count else { return nil }
        switch decimals.count {
        case 1: self.init(decimals[0].digits, decimals[0].power)
        case 2:
            self.init(
                decimals[0].digits * decimals[1].power, decimals[0].power * decimals[1].digits)
        default: return nil
        }
    }

    /// The whole number that it is, if it is one.
    var whole: Int? { denominator == 1 ? numerator : nil }

    /// nil on overflow.
    func multiplied(by other: Rational) -> Rational? {
        Rational(
            Int128(numerator) * Int128(other.numerator),
            Int128(denominator) * Int128(other.denominator))
    }

    private static func decimal(
        _ text: some StringProtocol
    ) -> (digits: Int128, power: Int128)? {
        var digits: Int128 = 0
        var power: Int128 = 1
        var count = 0
        var isFraction = false
        let magnitude = text.dropFirst(text.hasPrefix("-") ? 1 : 0)
        for character in magnitude {
            if character == ".", !isFraction, count > 0 {
                isFraction = true
            } else if character.isASCII, let digit = character.wholeNumberValue, count < 18 {
                digits = digits * 10 + Int128(digit)
                if isFraction { power *= 10 }
                count += 1
            } else {
                return nil
            }
        }
        guard count > 0, magnitude.last != "." else { return nil }
        return (text.hasPrefix("-") ? -digits : digits, power)
    }

    private static func greatestCommonDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return max(left, 1)
    }
}
