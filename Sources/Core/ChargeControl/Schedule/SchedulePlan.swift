import ChargeModel

/// A recurring schedule in its zone, with what it says of the present: worked out anew only when
/// that can have changed.
struct SchedulePlan: Sendable {
    let schedule: RecurringSchedule
    private let zone: any ZoneRules
    /// What holds from an instant up to the moment's next edge.
    private var known: (from: WallInstant, moment: ScheduleMoment)?
    /// nil while the wall clock is not trusted.
    private(set) var moment: ScheduleMoment?

    init(_ schedule: RecurringSchedule, zone: any ZoneRules, at now: TimePoint) {
        self.schedule = schedule
        self.zone = zone
        follow(now)
    }

    mutating func follow(_ now: TimePoint) {
        guard now.isWallTrusted else {
            moment = nil
            return
        }
        if let known, known.from <= now.wall, now.wall < known.moment.nextEdge {
            moment = known.moment
        } else {
            let fresh = schedule.moment(at: now.wall, in: zone)
            known = (now.wall, fresh)
            moment = fresh
        }
    }
}
