import ChargeModel

/// A point in time as a push names it, before a zone and a clock have said when that is.
enum PushTime: Hashable {
    /// `30m` or `1.5h`: from the arrival of the request.
    case fromNow(Duration)
    /// `2026-06-02T18:00:00`: what the clock on the plant's wall shows.
    case local(CivilDateTime)
    /// `2026-06-02T18:00:00+02:00`, or `Z` in place of the offset. Such a time may have a fraction of
    /// a second, so that a timestamp of an answer can be sent back as it is.
    case absolute(WallInstant)

    /// nil where the text has none of the three forms.
    init?(_ text: String) {
        guard let time = Self.timeOfDate(text) ?? Self.duration(text) else { return nil }
        self = time
    }

    private static func timeOfDate(_ text: String) -> PushTime? {
        guard let civil = CivilDateTime(text.prefix(19)) else { return nil }
        var scanner = FormScanner(text.dropFirst(19))
        if scanner.isAtEnd { return .local(civil) }
        var instant = WallInstant(milliseconds: civil.secondsOf1970 * 1000)
        if scanner.take(".") {
            guard let fraction = scanner.billionths() else { return nil }
            instant.milliseconds += Int64(fraction / 1_000_000)
        }
        guard let offset = offset(&scanner), scanner.isAtEnd else { return nil }
        instant.milliseconds -= Int64(offset) * 1000
        return .absolute(instant)
    }

    /// `Z`, or the seconds of `+HH:MM` (RFC 3339).
    private static func offset(_ scanner: inout FormScanner) -> Int? {
        if scanner.take("Z") { return 0 }
        let isEast = scanner.take("+")
        guard isEast || scanner.take("-"), let hours = scanner.number(digits: 2, in: 0...23),
            scanner.take(":"), let minutes = scanner.number(digits: 2, in: 0...59)
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    /// Decimals of minutes or hours, in whole milliseconds, rounded down.
    private static func duration(_ text: String) -> PushTime? {
        var scanner = FormScanner(text)
        guard let whole = scanner.digits()?.value else { return nil }
        var fraction = 0
        if scanner.take(".") {
            guard let billionths = scanner.billionths() else { return nil }
            fraction = billionths
        }
        let unit: Int
        if scanner.take("m") {
            unit = 60_000
        } else if scanner.take("h") {
            unit = 3_600_000
        } else {
            return nil
        }
        guard scanner.isAtEnd else { return nil }
        return .fromNow(.milliseconds(whole * unit + fraction * unit / 1_000_000_000))
    }
}
