import ChargeModel

/// Instants as a person types them: ISO 8601 with `Z` or an offset.
enum TimeText {
    /// `YYYY-MM-DDTHH:MM:SS`, up to three decimals, then `Z` or `+HH:MM` or `-HH:MM`; nil for anything
    /// else.
    static func instant(_ text: String) -> WallInstant? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }), let civil = CivilDateTime(text.prefix(19))
        else { return nil }
        var rest = text.dropFirst(19)
        var milliseconds: Int64 = 0
        if rest.hasPrefix(".") {
            let decimals = rest.dropFirst().prefix { $0.isNumber }
            guard 1...3 ~= decimals.count,
                let thousandths = Int64(
                    decimals + String(repeating: "0", count: 3 - decimals.count))
            else { return nil }
            milliseconds = thousandths
            rest = rest.dropFirst(1 + decimals.count)
        }
        guard let offset = offset(rest) else { return nil }
        return WallInstant(
            milliseconds: (civil.secondsOf1970 - offset) * 1_000 + milliseconds)
    }

    /// Seconds ahead of UTC.
    private static func offset(_ text: Substring) -> Int64? {
        if text == "Z" { return 0 }
        let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard let sign = text.first, sign == "+" || sign == "-", parts.count == 2,
            parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isNumber) }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }
}
