import ChargeControl
import ChargeModel
import Foundation
import GRDB

/// A recurring schedule as a row of `schedules`, both ways, with the delay of its last slot.
///
/// `days` and `slots` are as ``ScheduleText`` has them.
enum ScheduleRow {
    /// Replaces the charger's own; another one of the same id is a conflict.
    static let upsert = """
        INSERT INTO schedules (charger_id, id, timezone, days, slots, updated_at_ms)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (charger_id) DO UPDATE SET id = excluded.id, timezone = excluded.timezone,
        days = excluded.days, slots = excluded.slots, updated_at_ms = excluded.updated_at_ms,
        delayed_slot_ms = NULL, slot_delay_ms = NULL
        """

    static let select = """
        SELECT charger_id, id, timezone, days, slots, updated_at_ms, delayed_slot_ms, slot_delay_ms
        FROM schedules WHERE charger_id = ?
        """

    /// - Throws: ``UnreadableRow`` for a schedule that could not be read back.
    static func values(
        of schedule: RecurringSchedule, for charger: ChargerID
    ) throws -> StatementArguments {
        guard schedule.charger == charger else {
            throw StoreError.unavailable(
                reason: "refused: the schedule of \(schedule.charger) for \(charger)")
        }
        try schedule.checkRules()
        return [
            charger.rawValue, schedule.id, schedule.timezone,
            ScheduleText.days(schedule.recurrence), try ScheduleText.slots(schedule.slots),
            schedule.updatedAt.milliseconds,
        ]
    }

    static func schedule(from row: Row) throws -> RecurringSchedule {
        let schedule = RecurringSchedule(
            id: try row.text("id"),
            charger: ChargerID(try row.text("charger_id")),
            timezone: try row.text("timezone"),
            recurrence: try ScheduleText.recurrence(try row.text("days")),
            slots: try ScheduleText.slots(try row.text("slots")),
            updatedAt: try row.instant("updated_at_ms"))
        try schedule.checkRules()
        return schedule
    }

    static func delay(from row: Row) throws -> SlotDelayChange? {
        guard let start = try row.instantIfPresent("delayed_slot_ms") else { return nil }
        return SlotDelayChange(
            charger: ChargerID(try row.text("charger_id")), start: start,
            delay: .milliseconds(try row.number("slot_delay_ms", in: 0...1_800_000)))
    }
}

extension RecurringSchedule {
    /// - Throws: ``UnreadableRow`` where it breaks the rules, or is out of order.
    fileprivate func checkRules() throws {
        if let problem = ScheduleRules.problem(of: self) {
            throw UnreadableRow(reason: "\(problem.field) \(problem.message)")
        }
        guard self == inOrder else {
            throw UnreadableRow(reason: "its days or its slots are out of order")
        }
    }
}

/// What of a recurring schedule is stored as text.
enum ScheduleText {
    private static let daily = "daily"

    fileprivate struct Slot: Codable {
        var start: Int
        var minutes: Int
        var command: String
    }

    private struct Whole: Codable {
        var id: String
        var charger: String
        var timezone: String
        var days: String
        var slots: [Slot]
        var updated: Int64
    }

    // MARK: Days: `daily`, or words such as `monday,friday`

    static func days(_ recurrence: RecurringSchedule.Recurrence) -> String {
        switch recurrence {
        case .daily: daily
        case .weekly(let days): days.map(\.rawValue).joined(separator: ",")
        }
    }

    static func recurrence(_ text: String) throws -> RecurringSchedule.Recurrence {
        guard text != daily else { return .daily }
        return .weekly(
            try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let day = Weekday(rawValue: String(word)) else {
                    throw UnreadableRow(reason: "a day of the schedule is an unknown word")
                }
                return day
            })
    }

    // MARK: Slots: JSON such as `[{"start":1320,"minutes":480,"command":"charge"}]`

    static func slots(_ slots: [ScheduleSlot]) throws -> String {
        try json(slots.map(Slot.init))
    }

    static func slots(_ text: String) throws -> [ScheduleSlot] {
        let slots: [Slot]
        do {
            slots = try JSONDecoder().decode([Slot].self, from: Data(text.utf8))
        } catch {
            throw UnreadableRow(reason: "the slots of the schedule are not what was written")
        }
        return try slots.map(slot)
    }

    private static func slot(_ slot: Slot) throws -> ScheduleSlot {
        guard let command = ChargeCommand(rawValue: slot.command) else {
            throw UnreadableRow(reason: "the command of a slot is an unknown word")
        }
        return ScheduleSlot(
            startMinute: slot.start, durationMinutes: slot.minutes, command: command)
    }

    // MARK: All of it, as the answer that was given about it

    static func text(_ schedule: RecurringSchedule) throws -> String {
        try json(
            Whole(
                id: schedule.id, charger: schedule.charger.rawValue, timezone: schedule.timezone,
                days: days(schedule.recurrence), slots: schedule.slots.map(Slot.init),
                updated: schedule.updatedAt.milliseconds))
    }

    static func schedule(_ text: String) throws -> RecurringSchedule {
        let whole: Whole
        do {
            whole = try JSONDecoder().decode(Whole.self, from: Data(text.utf8))
        } catch {
            throw UnreadableRow(reason: "the schedule of an answer is not what was written")
        }
        return RecurringSchedule(
            id: whole.id, charger: ChargerID(whole.charger), timezone: whole.timezone,
            recurrence: try recurrence(whole.days), slots: try whole.slots.map(slot),
            updatedAt: WallInstant(milliseconds: whole.updated))
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension ScheduleText.Slot {
    fileprivate init(_ slot: ScheduleSlot) {
        self.init(
            start: slot.startMinute, minutes: slot.durationMinutes,
            command: slot.command.rawValue)
    }
}
