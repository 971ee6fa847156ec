import ChargeModel

extension WallInstant {
    /// ISO 8601 in UTC with milliseconds and `Z`, such as `2026-06-02T12:00:00.000Z`. Times outside
    /// of the years 0 to 9999, which no clock shows, are clamped.
    package var timestamp: String {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let day = Int(clamped.quotient(flooredBy: 86_400_000))
        let inDay = Int(clamped - Int64(day) * 86_400_000)
        let (year, month, date) = Self.civilDate(dayOf1970: day)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Self.append(year, digits: 4, to: &text)
        Self.append(month, digits: 2, after: "-", to: &text)
        Self.append(date, digits: 2, after: "-", to: &text)
        Self.append(inDay / 3_600_000, digits: 2, after: "T", to: &text)
        Self.append(inDay / 60_000 % 60, digits: 2, after: ":", to: &text)
        Self.append(inDay / 1000 % 60, digits: 2, after: ":", to: &text)
        Self.append(inDay % 1000, digits: 3, after: ".", to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The date of a day counted from 1 January 1970 in the proleptic Gregorian calendar.
    ///
    /// Years are counted from 1 March, so that the leap day is the last of its year, in eras of 400
    /// years, after which the calendar repeats.
    private static func civilDate(dayOf1970 day: Int) -> (year: Int, month: Int, day: Int) {
        let daysPerEra = 146_097
        let fromMarchOfYear0 = day + 719_468
        let era = fromMarchOfYear0.quotient(flooredBy: daysPerEra)
        let dayOfEra = fromMarchOfYear0 - era * daysPerEra
        let leapDays = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }

    private static func append(
        _ value: Int, digits: Int, after separator: Unicode.Scalar? = nil, to text: inout [UInt8]
    ) {
        if let separator { text.append(UInt8(ascii: separator)) }
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}

extension BinaryInteger {
    /// The quotient rounded towards minus infinity.
    fileprivate func quotient(flooredBy divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
