import ChargeControl
import ChargeModel

/// The `start` and the `end` of a deferred push as they came. They are read once it is known that the
/// charger takes such actions at all.
struct PushTimes: Hashable {
    /// How far ahead a start may be.
    static var furthestStart: Duration { .seconds(30 * 86_400) }
    /// How far ahead an end may be: of the last start that is taken, a window of a day.
    static var furthestEnd: Duration { .seconds(31 * 86_400) }

    let start: String
    let end: String?

    /// When that is.
    ///
    /// While the wall clock is not trusted nobody can say whether a time is past or far away: then
    /// only what does not depend on that clock is judged, and an action with such a start waits for a
    /// clock that is.
    ///
    /// - Parameter zone: Of the plant.
    func timing(in zone: any ZoneRules, at now: TimePoint) throws(APIError) -> ActionTiming {
        let (start, isRelative) = try startInstant(in: zone, at: now)
        guard let end = try endInstant(in: zone) else {
            return ActionTiming(start: start, isRelative: isRelative)
        }
        guard end > start else { throw .endNotAfterStart(start: start, end: end) }
        let latest = now.wall.advanced(by: Self.furthestEnd)
        guard !now.isWallTrusted || end <= latest else {
            throw .endOutOfRange(end, latest: latest)
        }
        return ActionTiming(start: start, isRelative: isRelative, end: end)
    }

    private func startInstant(
        in zone: any ZoneRules, at now: TimePoint
    ) throws(APIError) -> (WallInstant, isRelative: Bool) {
        let start: WallInstant
        let latest = now.wall.advanced(by: Self.furthestStart)
        switch PushTime(self.start) {
        case .fromNow(let delay):
            guard delay <= Self.furthestStart else { throw .startOutOfRange(nil, latest: latest) }
            return (now.wall.advanced(by: delay), true)
        case .local(let civil): start = zone.instant(of: civil)
        case .absolute(let instant): start = instant
        case nil:
            throw .unparseableTime(
                "action.start",
                "is no time; write plant-local `2026-06-02T18:00:00`, a time with an offset or "
                    + "`Z`, or a delay such as `30m` or `1.5h`")
        }
        guard now.isWallTrusted else { return (start, false) }
        guard start >= now.wall else { throw .startInPast(start, now: now.wall) }
        guard start <= latest else { throw .startOutOfRange(start, latest: latest) }
        return (start, false)
    }

    private func endInstant(in zone: any ZoneRules) throws(APIError) -> WallInstant? {
        guard let end else { return nil }
        switch PushTime(end) {
        case .local(let civil): return zone.instant(of: civil)
        case .absolute(let instant): return instant
        case .fromNow:
            throw .unparseableTime(
                "action.end", "must be a time: a delay such as `30m` is for `start` alone")
        case nil:
            throw .unparseableTime(
                "action.end",
                "is no time; write plant-local `2026-06-02T18:00:00`, or a time with an offset "
                    + "or `Z`")
        }
    }
}

extension APIError {
    static var startRequired: APIError {
        APIError(
            .invalidTimeWindow, "an `end` needs a `start`", details: ["reason": "start_required"])
    }

    fileprivate static func unparseableTime(_ field: String, _ message: String) -> APIError {
        APIError(
            .invalidTimeWindow, "`\(field)` \(message)",
            details: ["reason": "unparseable_time", "field": .string(field)])
    }

    fileprivate static func startInPast(_ start: WallInstant, now: WallInstant) -> APIError {
        APIError(
            .startInPast,
            "`action.start` is \(start.timestamp), and it is \(now.timestamp) now",
            details: ["start": .string(start.timestamp), "now": .string(now.timestamp)])
    }

    /// - Parameter start: nil for a delay, which may be longer than calendars go.
    fileprivate static func startOutOfRange(
        _ start: WallInstant?, latest: WallInstant
    ) -> APIError {
        APIError(
            .startOutOfRange,
            "`action.start` is more than 30 days ahead; the latest is \(latest.timestamp)",
            details: [
                "start": .optional(start?.timestamp), "latest": .string(latest.timestamp),
            ])
    }

    fileprivate static func endNotAfterStart(start: WallInstant, end: WallInstant) -> APIError {
        APIError(
            .invalidTimeWindow,
            "`action.end` is \(end.timestamp), which is not after the start, \(start.timestamp)",
            details: [
                "reason": "end_not_after_start", "start": .string(start.timestamp),
                "end": .string(end.timestamp),
            ])
    }

    fileprivate static func endOutOfRange(_ end: WallInstant, latest: WallInstant) -> APIError {
        APIError(
            .invalidTimeWindow,
            "`action.end` is more than 31 days ahead; the latest is \(latest.timestamp)",
            details: [
                "reason": "end_out_of_range", "end": .string(end.timestamp),
                "latest": .string(latest.timestamp),
            ])
    }
}
