import ChargeModel

/// What is wrong with a recurring schedule, for the one who wrote it.
package struct ScheduleProblem: Error, Hashable, Sendable {
    /// Where, in the words of the API, such as `slots[1].time`.
    package var field: String
    /// What is wrong and what would be right, as a sentence's end: "must be ...".
    package var message: String

    package init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// What every recurring schedule keeps to.
package enum ScheduleRules {
    package static let maximumSlots = 48

    private static let minutesPerDay = 1_440
    private static let daysPerWeek = 7

    /// The first problem of a schedule, its slots and days in any order; nil if it can be put in
    /// force, ``RecurringSchedule/inOrder``.
    ///
    /// No slot may begin before another has ended, on the same day, past midnight or past the end of
    /// the week; one may begin when another ends. Days are taken to have 24 hours: what a clock change
    /// does to a night is settled when it comes (``RecurringSchedule/moment(at:in:)``).
    package static func problem(of schedule: RecurringSchedule) -> ScheduleProblem? {
        problem(ofDays: schedule.recurrence) ?? problem(ofEach: schedule.slots)
            ?? overlap(in: schedule)
    }

    private static func problem(
        ofDays recurrence: RecurringSchedule.Recurrence
    ) -> ScheduleProblem? {
        guard case .weekly(let days) = recurrence else { return nil }
        guard !days.isEmpty else {
            return ScheduleProblem(
                field: "recurrence.days", message: "must name at least one day of the week")
        }
        let sorted = days.sorted()
        guard let place = sorted.indices.dropFirst().first(where: { sorted[$0 - 1] == sorted[$0] })
        else { return nil }
        return ScheduleProblem(
            field: "recurrence.days",
            message: "must name every day at most once; \(sorted[place].rawValue) is named twice")
    }

    private static func problem(ofEach slots: [ScheduleSlot]) -> ScheduleProblem? {
        guard 1...maximumSlots ~= slots.count else {
            return ScheduleProblem(
                field: "slots",
                message: "must have 1 to \(maximumSlots) entries, not \(slots.count)")
        }
        for (index, slot) in slots.enumerated() {
            guard 0..<minutesPerDay ~= slot.startMinute else {
                return ScheduleProblem(
                    field: "slots[\(index)].time", message: "must be from 00:00 to 23:59")
            }
            guard 1...minutesPerDay ~= slot.durationMinutes else {
                return ScheduleProblem(
                    field: "slots[\(index)].duration",
                    message: "must be from one minute to 24 hours, PT1M to PT24H")
            }
        }
        return nil
    }

    private static func overlap(in schedule: RecurringSchedule) -> ScheduleProblem? {
        let slots = schedule.slots
        let order = slots.indices.sorted {
            (slots[$0].startMinute, $0) < (slots[$1].startMinute, $1)
        }
        for (earlier, later) in zip(order, order.dropFirst())
        where slots[earlier].endMinute > slots[later].startMinute {
            return ScheduleProblem(
                field: "slots[\(later)].time",
                message: "must not be before slots[\(earlier)] has ended")
        }
        // Only the last slot of a day can reach into the next day on which slots begin: none is
        // longer than a day, and it begins last.
        guard let last = order.last, let first = order.first else { return nil }
        let days = smallestStep(of: schedule.recurrence)
        guard slots[last].endMinute > slots[first].startMinute + days * minutesPerDay else {
            return nil
        }
        return ScheduleProblem(
            field: "slots[\(last)].duration",
            message: "must not reach past the start of slots[\(first)] on the following day")
    }

    /// Days between two on which slots begin, the fewest.
    private static func smallestStep(of recurrence: RecurringSchedule.Recurrence) -> Int {
        guard case .weekly(let days) = recurrence else { return 1 }
        let sorted = days.map(\.index).sorted()
        let steps = zip(sorted, sorted.dropFirst()).map { $1 - $0 }
        guard let first = sorted.first, let last = sorted.last else { return daysPerWeek }
        return min(steps.min() ?? daysPerWeek, first + daysPerWeek - last)
    }
}

extension ScheduleSlot {
    /// Minutes since midnight of its first day, more than 1,440 where it ends on the next.
    fileprivate var endMinute: Int { startMinute + durationMinutes }
}

extension RecurringSchedule {
    /// The same with its slots in the order of their starts and its days in the order of the week.
    package var inOrder: RecurringSchedule {
        var ordered = self
        ordered.slots.sort { $0.startMinute < $1.startMinute }
        if case .weekly(let days) = recurrence { ordered.recurrence = .weekly(days.sorted()) }
        return ordered
    }
}
