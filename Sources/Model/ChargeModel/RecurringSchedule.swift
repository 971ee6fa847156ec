/// When a charger charges, day after day or week after week. Outside its slots the charger is idle.
package struct RecurringSchedule: Hashable, Codable, Sendable {
    /// `sched_` and random characters.
    package var id: String
    package var charger: ChargerID
    /// IANA zone that the slots are meant in, such as `Europe/Berlin`.
    package var timezone: String
    package var recurrence: Recurrence
    /// At least one; ordered by start, and none overlaps another or itself a day or week later.
    package var slots: [ScheduleSlot]
    package var updatedAt: WallInstant

    package enum Recurrence: Hashable, Codable, Sendable {
        case daily
        /// The days on which slots begin; at least one, ordered, each once.
        case weekly([Weekday])
    }

    package init(
        id: String, charger: ChargerID, timezone: String, recurrence: Recurrence,
        slots: [ScheduleSlot], updatedAt: WallInstant
    ) {
        self.id = id
        self.charger = charger
        self.timezone = timezone
        self.recurrence = recurrence
        self.slots = slots
        self.updatedAt = updatedAt
    }
}

/// A part of a day, or of a night: it may end on the next day.
package struct ScheduleSlot: Hashable, Codable, Sendable {
    /// Minutes since midnight, 0 to 1,439, by the clock on the wall.
    package var startMinute: Int
    /// In real minutes, 1 to 1,440: on the night of a clock change a slot is as long as ever.
    package var durationMinutes: Int
    package var command: ChargeCommand

    package init(startMinute: Int, durationMinutes: Int, command: ChargeCommand) {
        self.startMinute = startMinute
        self.durationMinutes = durationMinutes
        self.command = command
    }
}

/// Raw values are the API's words.
package enum Weekday: String, Hashable, Codable, Sendable, CaseIterable, Comparable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// 0 is Monday.
    package var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    package static func < (left: Weekday, right: Weekday) -> Bool { left.index < right.index }
}

/// What the API shows as `currentSchedule`: a window that is open or coming, or the recurring
/// schedule.
package struct CurrentSchedule: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable {
        case window, schedule
    }

    package enum State: String, Hashable, Codable, Sendable {
        /// It waits for its start.
        case pending
        /// It shapes what the charger does.
        case active
    }

    /// Of the action of a window, or of the schedule.
    package var id: String
    package var kind: Kind
    package var state: State
    package var command: ChargeCommand
    /// Of the window, or of the slot that is open or next; nil while civil time is not known.
    package var start: WallInstant?
    /// nil for a scheduled action, which has no end.
    package var end: WallInstant?
    /// When something begins next; nil when nothing does, or while civil time is not known.
    package var nextFireAt: WallInstant?
    /// How much later than `start` it begins, drawn at random; nil where it is not delayed, or where
    /// that is drawn when the slot opens.
    package var startDelay: Duration?

    package init(
        id: String, kind: Kind, state: State, command: ChargeCommand, start: WallInstant?,
        end: WallInstant?, nextFireAt: WallInstant?, startDelay: Duration? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.command = command
        self.start = start
        self.end = end
        self.nextFireAt = nextFireAt
        self.startDelay = startDelay
    }
}
