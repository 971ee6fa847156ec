/// The Gregorian calendar, without a zone. Days are counted from 1 January 1970, which is day 0.
extension CivilDateTime {
    package static let secondsPerDay = 86_400

    /// The time of day on a counted day.
    package init(dayOf1970 day: Int, secondOfDay: Int) {
        let (year, month, date) = Self.date(dayOf1970: day)
        self.init(year: year, month: month, day: date, secondOfDay: secondOfDay)
    }

    /// What a clock shows that began with 1970 and is never changed.
    package init(secondsOf1970 seconds: Int64) {
        let day = seconds.quotient(flooredBy: Int64(Self.secondsPerDay))
        self.init(
            dayOf1970: Int(day), secondOfDay: Int(seconds - day * Int64(Self.secondsPerDay)))
    }

    /// ``init(secondsOf1970:)`` backwards.
    package var secondsOf1970: Int64 {
        Int64(dayOf1970) * Int64(Self.secondsPerDay) + Int64(secondOfDay)
    }

    /// Years are counted from 1 March, so that the leap day is the last of its year, in eras of 400
    /// years, after which the calendar repeats.
    package var dayOf1970: Int {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = yearFromMarch.quotient(flooredBy: 400)
        let yearOfEra = yearFromMarch - era * 400
        let monthFromMarch = month <= 2 ? month + 9 : month - 3
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * Self.daysPerEra + dayOfEra - Self.daysBefore1970
    }

    package var weekday: Weekday { Weekday(dayOf1970: dayOf1970) }

    /// How many days a month has.
    ///
    /// - Parameter month: 1 to 12.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static let daysPerEra = 146_097
    /// From 1 March of year 0.
    private static let daysBefore1970 = 719_468

    private static func date(dayOf1970 day: Int) -> (year: Int, month: Int, day: Int) {
        let fromMarchOfYear0 = day + daysBefore1970
        let era = fromMarchOfYear0.quotient(flooredBy: daysPerEra)
        let dayOfEra = fromMarchOfYear0 - era * daysPerEra
        let leapDays = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }
}

extension Weekday {
    /// Of a day counted from 1 January 1970, a Thursday.
    package init(dayOf1970 day: Int) {
        let fromMonday = day + 3
        self = Self.allCases[fromMonday - fromMonday.quotient(flooredBy: 7) * 7]
    }
}

// MARK: - As text

extension CivilDateTime: CustomStringConvertible {
    /// Reads `YYYY-MM-DDTHH:MM:SS`: no zone, no fraction, and only days that the calendar has.
    ///
    /// - Returns: nil for anything else, and for years before 1970.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            year >= 1970, 1...12 ~= month, day >= 1, day <= Self.days(inMonth: month, of: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        self.init(
            year: year, month: month, day: day,
            secondOfDay: hour * 3_600 + minute * 60 + second)
    }

    /// `YYYY-MM-DDTHH:MM:SS`.
    package var description: String {
        let date = "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(day, 2))"
        let hours = Self.digits(secondOfDay / 3_600, 2)
        let minutes = Self.digits(secondOfDay / 60 % 60, 2)
        return "\(date)T\(hours):\(minutes):\(Self.digits(secondOfDay % 60, 2))"
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}

extension BinaryInteger {
    /// The quotient rounded towards minus infinity.
    package func quotient(flooredBy divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
