import ChargeControl
import ChargeModel

extension RecurringSchedule {
    /// Any schedule that keeps to the rules; many have slots in the small hours, where clocks change.
    static func random(using random: inout SeededRandom) -> RecurringSchedule {
        var recurrence = Recurrence.daily
        if Bool.random(using: &random) {
            let days = Weekday.allCases.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
            recurrence = .weekly(days.isEmpty ? [.sunday] : days)
        }
        let step = [1, 5, 10, 30].randomElement(using: &random) ?? 30
        let latest = Bool.random(using: &random) ? 1_440 : 300
        let starts = (0..<Int.random(in: 1...8, using: &random)).map { _ in
            Int.random(in: 0..<latest / step, using: &random) * step
        }.sorted()
        var slots: [ScheduleSlot] = []
        for (place, start) in starts.enumerated() {
            guard start != slots.last?.startMinute else { continue }
            let following = starts[(place + 1)...].first { $0 != start } ?? starts[0] + 1_440
            let room = following - start
            let touches = Bool.random(using: &random)
            slots.append(
                ScheduleSlot(
                    startMinute: start,
                    durationMinutes: touches ? room : Int.random(in: 1...room, using: &random),
                    command: Bool.random(using: &random) ? .charge : .idle))
        }
        return RecurringSchedule(
            id: "sched_random", charger: ChargerID("a"), timezone: "", recurrence: recurrence,
            slots: slots, updatedAt: WallInstant(milliseconds: 0))
    }
}

/// The occurrences of a schedule, found by watching the clock on the wall minute after minute: no
/// time is ever looked up in the zone's rules.
struct WatchedSchedule {
    private(set) var occurrences: [ScheduleMoment.Occurrence] = []

    /// - Parameters:
    ///   - start: On a whole minute.
    ///   - days: How long to watch. What began before, or would begin later, is not seen.
    init(
        _ schedule: RecurringSchedule, in zone: any ZoneRules, from start: WallInstant, days: Int
    ) {
        var latest = zone.civil(at: start)
        for minute in 0..<Int64(days * 1_440) {
            let instant = WallInstant(milliseconds: start.milliseconds + minute * 60_000)
            let shown = zone.civil(at: instant)
            guard shown > latest else { continue }
            // All that the clock has come to, or leapt over, since the latest time that it showed.
            let slot = schedule.slots(after: latest, through: shown).last
            latest = shown
            guard let slot else { continue }
            if let last = occurrences.indices.last {
                occurrences[last].end = min(occurrences[last].end, instant)
            }
            occurrences.append(
                ScheduleMoment.Occurrence(
                    slot: slot, start: instant,
                    end: instant.advanced(by: .seconds(slot.durationMinutes * 60))))
        }
    }

    func open(at instant: WallInstant) -> ScheduleMoment.Occurrence? {
        occurrences.last { $0.start <= instant && instant < $0.end }
    }

    func next(after instant: WallInstant) -> ScheduleMoment.Occurrence? {
        occurrences.first { $0.start > instant }
    }
}

extension RecurringSchedule {
    /// The slots that begin in a span of civil time, in order.
    fileprivate func slots(
        after earlier: CivilDateTime, through later: CivilDateTime
    ) -> [ScheduleSlot] {
        (earlier.dayOf1970...later.dayOf1970).flatMap { day -> [ScheduleSlot] in
            if case .weekly(let days) = recurrence, !days.contains(Weekday(dayOf1970: day)) {
                return []
            }
            return slots.filter { slot in
                let begin = CivilDateTime(dayOf1970: day, secondOfDay: slot.startMinute * 60)
                return earlier < begin && begin <= later
            }
        }
    }
}
