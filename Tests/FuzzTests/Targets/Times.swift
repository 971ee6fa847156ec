import AgentTestSupport
import ChargeControl
import ChargeModel
import HTTPTypes

@testable import AgentAPI

/// The forms of times that clients write: what is read is written the same, and a time in a zone is
/// shown by its clock, or leapt over.
enum Times {
    static func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        if let instant = WallInstant(timestamp: text) { try check(instant, text) }
        if let civil = CivilDateTime(text) {
            try hold(civil.description == text, "\(text) is written \(civil)")
            try hold(
                CivilDateTime(secondsOf1970: civil.secondsOf1970) == civil, "\(civil) has no day")
            for zone in TestZones.all { try check(civil, in: zone) }
        }
        if let minute = SlotTime.minute(text) {
            try hold(SlotTime.text(minute: minute) == text, "\(text) is minute \(minute)")
        }
        if let minutes = SlotTime.minutes(text) {
            try hold(
                SlotTime.minutes(SlotTime.text(minutes: minutes)) == minutes, "\(minutes) minutes")
        }
        for zone in TestZones.all {
            for trusted in [true, false] { try push(text, in: zone, isTrusted: trusted) }
        }
    }

    private static func check(_ instant: WallInstant, _ text: String) throws {
        // An offset may reach out of the years that can be written.
        guard 0..<253_402_300_800_000 ~= instant.milliseconds else { return }
        try hold(
            WallInstant(timestamp: instant.timestamp) == instant,
            "\(text) is written \(instant.timestamp)")
        for zone in TestZones.all {
            let shown = zone.civil(at: instant)
            try hold(zone.instant(of: shown) <= instant, "\(text) comes before it is shown")
        }
    }

    private static func check(_ civil: CivilDateTime, in zone: ZoneTable) throws {
        let instant = zone.instant(of: civil)
        try hold(zone.civil(at: instant) >= civil, "\(civil) in \(zone.name) begins too early")
        let before = zone.civil(at: instant.advanced(by: .milliseconds(-1)))
        try hold(before < civil, "\(civil) in \(zone.name) begins too late")
    }

    private static func push(_ text: String, in zone: ZoneTable, isTrusted: Bool) throws {
        let now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 5_000_000_000),
            wall: WallInstant(milliseconds: 1_780_000_000_000), isWallTrusted: isTrusted)
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        let times = PushTimes(
            start: String(parts[0]), end: parts.count > 1 ? String(parts[1]) : nil)
        let timing: ActionTiming
        do throws(APIError) {
            timing = try times.timing(in: zone, at: now)
        } catch {
            return try hold(error.code.status.code == 422, "\(text) is \(error.code)")
        }
        if let end = timing.end {
            try hold(end > timing.start, "\(text) ends before it starts")
        }
        guard isTrusted else { return }
        try hold(timing.start >= now.wall, "\(text) is over")
        try hold(
            timing.start <= now.wall.advanced(by: PushTimes.furthestStart), "\(text) is far away")
    }
}
