extension WallInstant {
    /// ISO 8601 in UTC with milliseconds and `Z`, such as `2026-06-02T12:00:00.000Z`. Times outside
    /// of the years 0 to 9999, which no clock shows, are clamped.
    package var timestamp: String {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let seconds = clamped.quotient(flooredBy: 1000)
        let civil = CivilDateTime(secondsOf1970: seconds)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Self.append(civil.year, digits: 4, to: &text)
        Self.append(civil.month, digits: 2, after: "-", to: &text)
        Self.append(civil.day, digits: 2, after: "-", to: &text)
        Self.append(civil.secondOfDay / 3600, digits: 2, after: "T", to: &text)
        Self.append(civil.secondOfDay / 60 % 60, digits: 2, after: ":", to: &text)
        Self.append(civil.secondOfDay % 60, digits: 2, after: ":", to: &text)
        Self.append(Int(clamped - seconds * 1000), digits: 3, after: ".", to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The same to the minute, for people: `2026-06-02 12:00 UTC`.
    package var utc: String {
        let text = timestamp
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
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
