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
        if let civil = CivilDateTime(text) {
            self = .local(civil)
        } else if let instant = WallInstant(timestamp: text) {
            self = .absolute(instant)
        } else if let duration = Self.duration(text) {
            self = duration
        } else {
            return nil
        }
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
