extension WallInstant {
    /// Reads `YYYY-MM-DDTHH:MM:SS` with `Z` or an offset such as `+02:00` (RFC 3339), and with a
    /// fraction of a second, of which whole milliseconds count.
    ///
    /// - Returns: nil for anything else, and for years before 1970.
    package init?(timestamp text: some StringProtocol) {
        guard let civil = CivilDateTime(text.prefix(19)) else { return nil }
        var scanner = FormScanner(text.dropFirst(19))
        var milliseconds: Int64 = 0
        if scanner.take(".") {
            guard let fraction = scanner.billionths() else { return nil }
            milliseconds = Int64(fraction / 1_000_000)
        }
        guard let offset = Self.offset(&scanner), scanner.isAtEnd else { return nil }
        self.init(
            milliseconds: (civil.secondsOf1970 - Int64(offset)) * 1_000 + milliseconds)
    }

    /// Seconds ahead of UTC.
    private static func offset(_ scanner: inout FormScanner) -> Int? {
        if scanner.take("Z") { return 0 }
        let isEast = scanner.take("+")
        guard isEast || scanner.take("-"), let hours = scanner.number(digits: 2, in: 0...23),
            scanner.take(":"), let minutes = scanner.number(digits: 2, in: 0...59)
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3_600 + minutes * 60)
    }

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
