/// The one place where raw numbers become canonical ones and back (requirement R1: rounding is a
/// matter of safety). Whole numbers go through `Int128`, in which no product of a 64-bit raw value
/// and a 64-bit factor overflows.
extension RegisterScale {
    /// Raw to canonical, to the nearest, halves away from zero; nil beyond `Int`.
    func canonical(_ raw: Int128) -> Int? {
        // Most scales do not divide, and 128 bits are slow at it.
        let product = raw * Int128(numerator)
        let scaled = denominator == 1 ? product : product.dividedToNearest(by: Int128(denominator))
        return Int(exactly: scaled + Int128(offset))
    }

    /// As ``canonical(_:)-(Int128)`` for the value of a float register, which must be finite.
    func canonical(_ value: Double) -> Int? {
        let scaled = (value * Double(numerator) / Double(denominator)).rounded()
        // A Double that is a whole number within Int128 converts exactly; the sum is then exact.
        guard let whole = Int128(exactly: scaled) else { return nil }
        let (sum, overflow) = whole.addingReportingOverflow(Int128(offset))
        return overflow ? nil : Int(exactly: sum)
    }

    /// Canonical to the raw number of an integer register.
    func device(_ canonical: Int, _ rounding: CodecRounding) -> Int128 {
        let (dividend, divisor) = division(canonical)
        switch rounding {
        case .down: return dividend.dividedDown(by: divisor)
        case .nearest: return dividend.dividedToNearest(by: divisor)
        }
    }

    /// Canonical to the value of a float register; nil when it is too large for the type.
    ///
    /// Rounded down, the value is never above the exact quotient, not even by the last bit: 16.1 A
    /// as a 32-bit float is 16.100000381 to the nearest, so it goes out as the float below.
    func device<Value: BinaryFloatingPoint>(
        _ canonical: Int, _ rounding: CodecRounding
    ) -> Value? {
        let (dividend, divisor) = division(canonical)
        let value = Value(Double(dividend) / Double(divisor))
        guard value.isFinite else { return nil }
        guard rounding == .down, Double(value).times(divisor, exceeds: Double(dividend)) else {
            return value
        }
        return value.nextDown
    }

    /// The quotient that is the exact raw value, with a divisor above 0.
    private func division(_ canonical: Int) -> (dividend: Int128, divisor: Int128) {
        let dividend = (Int128(canonical) - Int128(offset)) * Int128(denominator)
        return numerator < 0 ? (-dividend, -Int128(numerator)) : (dividend, Int128(numerator))
    }
}

extension Int128 {
    /// Rounded towards negative infinity; `divisor` is above 0.
    fileprivate func dividedDown(by divisor: Int128) -> Int128 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Rounded to the nearest, halves away from zero; `divisor` is above 0.
    fileprivate func dividedToNearest(by divisor: Int128) -> Int128 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        guard remainder.magnitude >= divisor.magnitude - remainder.magnitude else {
            return quotient
        }
        return quotient + signum()
    }
}

extension Double {
    /// Whether the exact product is greater: the rounding error of the product is recovered by a
    /// fused multiplication.
    fileprivate func times(_ factor: Int128, exceeds bound: Double) -> Bool {
        let factor = Double(factor)
        let product = self * factor
        let lost = (-product).addingProduct(self, factor)
        return product == bound ? lost > 0 : product > bound
    }
}
