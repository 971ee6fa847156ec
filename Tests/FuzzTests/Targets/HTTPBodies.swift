import AgentTestSupport
import ChargeControl
import ChargeModel
import HTTPTypes

@testable import AgentAPI

/// Bodies of requests: JSON or an error with its place; a value that is written and read again is the
/// same; and each body is taken or refused with a status of 400 or 422.
enum HTTPBodies {
    static func check(_ bytes: [UInt8]) throws {
        let json: JSON
        do {
            json = try JSONParser.parse(bytes)
        } catch {
            return try hold(
                0...bytes.count ~= error.offset && !error.reason.isEmpty, "\(error) has no place")
        }
        let text = json.utf8
        try hold(
            text.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "control characters are written")
        try hold(try JSONParser.parse(text) == json, "it is read again as another value")
        try body { () throws(APIError) in _ = try PushBody(json) }
        try body { () throws(APIError) in _ = try SettingsBody(json) }
        if let schedule = try body({
            () throws(APIError) in try ScheduleBody(json, zones: TestZoneDirectory())
        }) {
            try check(schedule)
        }
    }

    @discardableResult
    private static func body<Value>(_ read: () throws(APIError) -> Value) throws -> Value? {
        do throws(APIError) {
            return try read()
        } catch {
            let status = error.code.status.code
            try hold([400, 422].contains(status), "\(error.code) is \(status)")
            // What a client sent comes back in bounded pieces.
            try hold(1...4_096 ~= error.message.utf8.count, "\(error.message.utf8.count) bytes")
            return nil
        }
    }

    /// A schedule that keeps to its rules says something of every moment.
    private static func check(_ body: ScheduleBody) throws {
        let now = WallInstant(milliseconds: 1_780_000_000_000)
        let schedule = RecurringSchedule(
            id: "sched_1", charger: ChargerID("a"), timezone: body.timezone,
            recurrence: body.recurrence, slots: body.slots, updatedAt: now)
        guard ScheduleRules.problem(of: schedule) == nil,
            let zone = TestZoneDirectory().zone(named: body.timezone)
        else { return }
        // Around both nights of a year on which clocks are set.
        for hour in stride(from: 0, to: 400 * 24, by: 7) {
            let instant = now.advanced(by: .seconds(hour * 3_600))
            let moment = schedule.inOrder.moment(at: instant, in: zone)
            try hold(moment.next.start > instant, "the next slot has begun")
            guard let active = moment.active else { continue }
            try hold(
                active.start <= instant && instant < active.end
                    && active.end <= moment.next.start, "an open slot is not open: \(active)")
        }
    }
}
