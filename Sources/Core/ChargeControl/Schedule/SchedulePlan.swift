import ChargeModel

/// A recurring schedule in its zone, with what it says of the present: worked out anew only when
/// that can have changed.
struct SchedulePlan: Codable, Sendable {
    let schedule: RecurringSchedule
    private let zone: NamedZone
    /// What holds from an instant up to the moment's next edge.
    private var known: Known?
    /// nil while the wall clock is not trusted.
    private(set) var moment: ScheduleMoment?

    private struct Known: Hashable, Codable, Sendable {
        var from: WallInstant
        var moment: ScheduleMoment
    }

    init(_ schedule: RecurringSchedule, zone: any ZoneRules, at now: TimePoint) {
        self.schedule = schedule
        self.zone = NamedZone(zone)
        follow(now)
    }

    /// When a slot begins or ends, at an instant or next after it.
    func edge(notBefore instant: WallInstant) -> WallInstant {
        schedule.moment(at: instant.advanced(by: .milliseconds(-1)), in: zone.rules).nextEdge
    }

    mutating func follow(_ now: TimePoint) {
        guard now.isWallTrusted else {
            moment = nil
            return
        }
        if let known, known.from <= now.wall, now.wall < known.moment.nextEdge {
            moment = known.moment
        } else {
            let fresh = schedule.moment(at: now.wall, in: zone.rules)
            known = Known(from: now.wall, moment: fresh)
            moment = fresh
        }
    }
}
