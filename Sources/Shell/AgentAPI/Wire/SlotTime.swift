import ChargeModel

/// How a schedule writes the time and the length of a slot.
enum SlotTime {
    /// The longest slot.
    private static let minutesPerDay = 1440

    /// Minutes since midnight of `HH:MM`; nil for anything else.
    static func minute(_ text: String) -> Int? {
        var scanner = FormScanner(text)
        guard let hour = scanner.number(digits: 2, in: 0...23), scanner.take(":"),
            let minute = scanner.number(digits: 2, in: 0...59), scanner.isAtEnd
        else { return nil }
        return hour * 60 + minute
    }

    /// Minutes of `PT5H`, `PT90M` or `PT1H30M`, 1 minute to 24 hours; nil for anything else.
    static func minutes(_ text: String) -> Int? {
        var scanner = FormScanner(text)
        guard scanner.take("P"), scanner.take("T"), var number = scanner.digits()?.value else {
            return nil
        }
        var minutes = 0
        if scanner.take("H") {
            minutes = number * 60
            if scanner.isAtEnd { return 1...minutesPerDay ~= minutes ? minutes : nil }
            guard let next = scanner.digits()?.value else { return nil }
            number = next
        }
        guard scanner.take("M"), scanner.isAtEnd else { return nil }
        minutes += number
        return 1...minutesPerDay ~= minutes ? minutes : nil
    }

    /// `HH:MM`.
    static func text(minute: Int) -> String {
        digits(minute / 60) + ":" + digits(minute % 60)
    }

    /// The shortest form: `PT1H30M`, `PT5H`, `PT45M`.
    static func text(minutes: Int) -> String {
        let (hours, rest) = minutes.quotientAndRemainder(dividingBy: 60)
        return "PT" + (hours > 0 ? "\(hours)H" : "") + (rest > 0 ? "\(rest)M" : "")
    }

    private static func digits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
