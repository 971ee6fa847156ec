import ChargeModel
import Testing

@Suite("The calendar")
struct CivilDateTimeTests {
    @Test func everyDayOfFourHundredYearsFollowsTheOneBefore() {
        var expected = (year: 1970, month: 1, day: 1)
        var weekday = 3
        for day in 0..<146_097 {
            let date = CivilDateTime(dayOf1970: day, secondOfDay: 0)
            #expect((date.year, date.month, date.day) == expected)
            #expect(date.dayOf1970 == day)
            #expect(Weekday.allCases[weekday] == date.weekday)
            weekday = (weekday + 1) % 7
            expected.day += 1
            guard expected.day > Self.lengths(of: expected.year)[expected.month - 1] else {
                continue
            }
            expected = (expected.year, expected.month + 1, 1)
            if expected.month == 13 { expected = (expected.year + 1, 1, 1) }
        }
    }

    private static func lengths(of year: Int) -> [Int] {
        let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00"), (951_782_399, "2000-02-28T23:59:59"),
        (951_782_400, "2000-02-29T00:00:00"), (1_780_401_600, "2026-06-02T12:00:00"),
        (4_107_542_399, "2100-02-28T23:59:59"), (4_107_542_400, "2100-03-01T00:00:00"),
        (253_402_300_799, "9999-12-31T23:59:59"),
    ])
    func secondsAndTextNameTheSameTime(seconds: Int64, text: String) throws {
        let civil = CivilDateTime(secondsOf1970: seconds)
        #expect(civil.description == text)
        #expect(civil.secondsOf1970 == seconds)
        #expect(CivilDateTime(text) == civil)
    }

    @Test func timesBefore1970KeepTheirDay() {
        let civil = CivilDateTime(secondsOf1970: -1)
        #expect(civil.description == "1969-12-31T23:59:59")
        #expect(civil.secondsOf1970 == -1)
        #expect(civil.weekday == .wednesday)
    }

    @Test(arguments: [
        "", "2026-06-02", "2026-06-02T12:00", "2026-06-02T12:00:00Z", "2026-06-02T12:00:00+02:00",
        "2026-06-02T12:00:00.5", "2026-06-02T12:00:00.000", "2026-06-02 12:00:00",
        "2026-06-02t12:00:00", "2026-6-2T12:00:00", "2026-02-30T12:00:00", "2026-02-29T12:00:00",
        "2100-02-29T00:00:00", "2026-04-31T12:00:00", "2026-00-01T12:00:00", "2026-13-01T12:00:00",
        "2026-06-00T12:00:00", "2026-06-02T24:00:00", "2026-06-02T12:60:00", "2026-06-02T12:00:60",
        "1969-12-31T23:59:59", "+026-06-02T12:00:00", "2026-06-02T-1:00:00", "2026-06-02T12:00:0٣",
        " 2026-06-02T12:00:00", "2026-06-02T12:00:00\n", "2026-06-02T12-00-00",
    ])
    func whatIsNoTimeIsNotRead(text: String) {
        #expect(CivilDateTime(text) == nil)
    }

    @Test func timesAreInTheOrderOfTheCalendar() throws {
        let texts = [
            "1999-12-31T23:59:59", "2000-01-01T00:00:00", "2000-01-31T00:00:00",
            "2000-02-01T00:00:00", "2000-02-01T00:00:01",
        ]
        let times = try texts.map { try #require(CivilDateTime($0)) }
        #expect(times.sorted() == times)
    }
}
