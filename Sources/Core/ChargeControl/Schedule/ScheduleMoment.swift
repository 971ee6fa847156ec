import ChargeModel

/// What a recurring schedule says at one instant.
package struct ScheduleMoment: Hashable, Codable, Sendable {
    /// The slot that is open; nil between slots, where the charger is idle.
    package var active: Occurrence?
    /// The next that begins after this instant.
    package var next: Occurrence
    /// When a slot begins or ends next; until then the schedule says the same.
    package var nextEdge: WallInstant { active?.end ?? next.start }

    package init(active: Occurrence?, next: Occurrence) {
        self.active = active
        self.next = next
    }

    /// A slot on one day.
    package struct Occurrence: Hashable, Codable, Sendable {
        package var slot: ScheduleSlot
        package var start: WallInstant
        /// After `start`; the slot has ended at this instant.
        package var end: WallInstant

        package init(slot: ScheduleSlot, start: WallInstant, end: WallInstant) {
            self.slot = slot
            self.start = start
            self.end = end
        }
    }
}

extension RecurringSchedule {
    /// What the schedule says at an instant. It depends on nothing else: not on what was asked before,
    /// and not on whether the clock stepped.
    ///
    /// A slot begins when the clock in the zone first shows its time or leaps over it, and once, and it
    /// lasts for its real duration. In a night of a clock change one may so reach into the next; then
    /// it ends where the next begins. Slots that begin at one instant, since the clock leapt over the
    /// times of both, are one: the last of them.
    ///
    /// - Precondition: The schedule keeps to ``ScheduleRules`` and is in order.
    package func moment(at now: WallInstant, in zone: any ZoneRules) -> ScheduleMoment {
        // Its time has been shown, so it has begun.
        var open = lastStart(notAfter: zone.civil(at: now))
        var following = start(after: open)
        var followingInstant = instant(of: following, in: zone)
        // In the hour that the clock repeats more has begun than it shows.
        while followingInstant <= now {
            open = following
            following = start(after: open)
            followingInstant = instant(of: following, in: zone)
        }
        let next = lastStart(at: followingInstant, from: following, in: zone)
        let active = occurrence(of: open, until: followingInstant, in: zone)
        return ScheduleMoment(
            active: now < active.end ? active : nil,
            next: occurrence(of: next.start, until: next.until, in: zone))
    }

    /// A slot on a day that is counted from 1970.
    private struct Start {
        var day: Int
        var slot: Int
    }

    /// Of the slots that begin at one instant the last, and the start of the next one after them.
    private func lastStart(
        at instant: WallInstant, from first: Start, in zone: any ZoneRules
    ) -> (start: Start, until: WallInstant) {
        var last = first
        while true {
            let following = start(after: last)
            let followingInstant = self.instant(of: following, in: zone)
            guard followingInstant == instant else { return (last, followingInstant) }
            last = following
        }
    }

    private func occurrence(
        of start: Start, until limit: WallInstant, in zone: any ZoneRules
    ) -> ScheduleMoment.Occurrence {
        let slot = slots[start.slot]
        let begin = instant(of: start, in: zone)
        let end = begin.advanced(by: .seconds(slot.durationMinutes * 60))
        return ScheduleMoment.Occurrence(slot: slot, start: begin, end: min(end, limit))
    }

    private func instant(of start: Start, in zone: any ZoneRules) -> WallInstant {
        zone.instant(
            of: CivilDateTime(
                dayOf1970: start.day, secondOfDay: slots[start.slot].startMinute * 60))
    }

    // MARK: - The order of starts, by the calendar alone

    private func lastStart(notAfter civil: CivilDateTime) -> Start {
        let today = civil.dayOf1970
        if hasSlots(on: today) {
            let minute = civil.secondOfDay / 60
            if let slot = slots.lastIndex(where: { $0.startMinute <= minute }) {
                return Start(day: today, slot: slot)
            }
        }
        return Start(day: dayWithSlots(from: today, by: -1), slot: slots.count - 1)
    }

    private func start(after start: Start) -> Start {
        guard start.slot + 1 == slots.count else {
            return Start(day: start.day, slot: start.slot + 1)
        }
        return Start(day: dayWithSlots(from: start.day, by: 1), slot: 0)
    }

    private func dayWithSlots(from day: Int, by step: Int) -> Int {
        for distance in 1...7 where hasSlots(on: day + step * distance) {
            return day + step * distance
        }
        preconditionFailure("the schedule \(id) has no day on which its slots begin")
    }

    private func hasSlots(on day: Int) -> Bool {
        switch recurrence {
        case .daily: true
        case .weekly(let days): days.contains(Weekday(dayOf1970: day))
        }
    }
}
