import ChargeModel
import Foundation
import Testing

@testable import AgentAPI

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_780_401_600_000, "2026-06-02T12:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (Int64.max, "9999-12-31T23:59:59.999Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
    ])
    func anInstantReadsAsUTC(_ milliseconds: Int64, _ text: String) {
        #expect(WallInstant(milliseconds: milliseconds).timestamp == text)
    }

    /// Foundation's calendar as an independent witness.
    @Test func everyThirdDayOfFourCenturiesAgreesWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: -73_000, through: 73_000, by: 3) {
            let instant = WallInstant(milliseconds: Int64(day) * 86_400_000)
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
            let (year, month, date) = (
                try #require(parts.year), try #require(parts.month), try #require(parts.day)
            )
            let expected =
                "\(year)-\(month < 10 ? "0" : "")\(month)-\(date < 10 ? "0" : "")\(date)"
            guard instant.timestamp.hasPrefix(expected) else {
                Issue.record("day \(day) is \(instant.timestamp), not \(expected)")
                return
            }
        }
    }
}
