extension WallInstant {
    /// ISO 8601 in UTC with milliseconds and `Z`, such as `2026-06-02T12:00:00.000Z`. Times outside
    /// of the years 0 to 9999, which no clock shows, are clamped.
    package var timestamp: String {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let (seconds, milliseconds) = Self.parts(clamped)
        let civil = CivilDateTime(secondsOf1970: seconds)
        let second = civil.secondOfDay
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Self.append(civil.year, digits: 4, to: &text)
        Self.append(civil.month, digits: 2, after: "-", to: &text)
        Self.append(civil.day, digits: 2, after: "-", to: &text)
        Self.append(second / 3_600, digits: 2, after: "T", to: &text)
        Self.append(second / 60 % 60, digits: 2, after: ":", to: &text)
        Self.append(second % 60, digits: 2, after: ":", to: &text)
        Self.append(milliseconds, digits: 3, after: ".", to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The same to the minute, for people: `2026-06-02 12:00 UTC`.
    package var utc: String {
        let text = timestamp
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// Whole seconds, rounded down, and the milliseconds after them.
    private static func parts(_ milliseconds: Int64) -> (seconds: Int64, milliseconds: Int) {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? (quotient - 1, Int(remainder) + 1000) : (quotient, Int(remainder))
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
