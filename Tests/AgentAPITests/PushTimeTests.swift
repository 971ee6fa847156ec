import ChargeModel
import Testing

@testable import AgentAPI

/// The texts that name a time.
@Suite struct PushTimeTests {
    @Test(
        arguments: [
            ("30m", 1800_000), ("1.5h", 5_400_000), ("0m", 0), ("0.5m", 30_000),
            ("720h", 2_592_000_000),
            ("43200m", 2_592_000_000), ("0.001m", 60), ("0.00001m", 0), ("05m", 300_000),
            ("1.50h", 5_400_000), ("0.3333333333333333h", 1_199_999), ("24h", 86_400_000),
            ("1.999999999999999999999999m", 119_999),
        ] as [(String, Int64)])
    func aDelayIsDecimalMinutesOrHours(_ text: String, _ milliseconds: Int64) {
        #expect(PushTime(text) == .fromNow(.milliseconds(milliseconds)))
    }

    @Test func aDelayBeyondAllMeasureIsStillADelay() {
        let digits = String(repeating: "9", count: 63)
        for unit in ["m", "h"] {
            guard case .fromNow(let delay) = PushTime(digits + unit) else {
                Issue.record("\(digits)\(unit) is no delay")
                continue
            }
            #expect(delay > PushTimes.furthestStart)
        }
    }

    @Test(arguments: [
        ("2026-06-02T18:00:00", 2026, 6, 2, 64_800), ("1970-01-01T00:00:00", 1970, 1, 1, 0),
        ("2028-02-29T23:59:59", 2028, 2, 29, 86_399), ("9999-12-31T00:00:01", 9999, 12, 31, 1),
        ("2000-02-29T00:00:00", 2000, 2, 29, 0),
    ])
    func aTimeWithoutAnOffsetIsOfThePlant(
        _ text: String, _ year: Int, _ month: Int, _ day: Int, _ second: Int
    ) {
        #expect(
            PushTime(text)
                == .local(
                    CivilDateTime(year: year, month: month, day: day, secondOfDay: second)))
    }

    @Test(arguments: [
        ("2026-06-02T12:00:00Z", "2026-06-02T12:00:00.000Z"),
        ("2026-06-02T12:00:00+02:00", "2026-06-02T10:00:00.000Z"),
        ("2026-06-02T12:00:00-09:30", "2026-06-02T21:30:00.000Z"),
        ("2026-06-02T00:30:00+05:45", "2026-06-01T18:45:00.000Z"),
        ("2026-06-02T12:00:00-00:00", "2026-06-02T12:00:00.000Z"),
        ("2026-06-02T12:00:00.5Z", "2026-06-02T12:00:00.500Z"),
        ("2026-06-02T12:00:00.123456789+01:00", "2026-06-02T11:00:00.123Z"),
        ("2026-06-02T12:00:00.9999999999999Z", "2026-06-02T12:00:00.999Z"),
        ("1970-01-01T00:00:00+14:00", "1969-12-31T10:00:00.000Z"),
        ("2000-03-01T00:00:00Z", "2000-03-01T00:00:00.000Z"),
        ("2100-02-28T23:59:59Z", "2100-02-28T23:59:59.000Z"),
    ])
    func aTimeWithAnOffsetIsAnInstant(_ text: String, _ instant: String) {
        guard case .absolute(let parsed) = PushTime(text) else {
            Issue.record("\(text) is no instant")
            return
        }
        #expect(parsed.timestamp == instant)
    }

    /// What the API writes it reads, on every day of eight centuries.
    @Test func everyTimestampOfAnAnswerReadsBack() {
        for day in 0..<292_000 {
            let instant = WallInstant(
                milliseconds: Int64(day) * 86_400_000 + Int64(day * 7919 % 86_400_000))
            guard PushTime(instant.timestamp) == .absolute(instant) else {
                Issue.record("\(instant.timestamp) reads otherwise")
                return
            }
        }
    }

    @Test(arguments: [
        "", " ", "m", "h", "30", "30s", "30M", "30 m", " 30m", "30m ", "-30m", "+30m", "1e2m",
        ".5h",
        "1.h", "1,5h", "1.5.5h", "1h30m", "30min", "PT30M", "٣٠m", "30m\u{0}", "now", "tomorrow",
        "2026-06-02", "18:00", "2026-06-02T18:00", "2026-06-02 18:00:00", "2026-06-02t18:00:00",
        "2026-6-2T18:00:00", "26-06-02T18:00:00", "02026-06-02T18:00:00", "+2026-06-02T18:00:00",
        "2026-06-02T18:00:00.000", "2026-06-02T18:00:00z", "2026-06-02T18:00:00ZZ",
        "2026-06-02T18:00:00.Z", "2026-06-02T18:00:00,5Z", "2026-06-02T18:00:00+02",
        "2026-06-02T18:00:00+0200", "2026-06-02T18:00:00+2:00", "2026-06-02T18:00:00+24:00",
        "2026-06-02T18:00:00+02:60", "2026-06-02T18:00:00+02:00[Europe/Berlin]",
        "2026-06-02T18:00:00 Z", "2026-06-02T18:00:00−02:00", "2026-06-02T24:00:00",
        "2026-06-02T18:60:00", "2026-06-02T18:00:60", "2026-00-02T18:00:00",
        "2026-13-02T18:00:00", "2026-06-00T18:00:00", "2026-06-31T18:00:00",
        "2026-02-29T18:00:00", "2100-02-29T18:00:00", "1969-12-31T18:00:00",
        "2026-06-02T18:00:00\n", "20260602T180000Z", "1780401600", "2026-W23-2T18:00:00",
    ])
    func whatHasNoneOfTheFormsIsNoTime(_ text: String) {
        #expect(PushTime(text) == nil)
    }
}
