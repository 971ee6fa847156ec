import ChargeControl
import ChargeModel
import Foundation
import GRDB

/// A recurring schedule as a row of `schedules`, both ways.
///
/// `days` is `daily` or words such as `monday,friday`; `slots` is a JSON array such as
/// `[{"start":1320,"minutes":480,"command":"charge"}]`.
enum ScheduleRow {
    private static let daily = "daily"

    /// A week has fewer minutes, and the API allows far fewer slots; what is longer is garbage.
    private static let maximumSlots = 1440

    private struct Slot: Codable {
        var start: Int
        var minutes: Int
        var command: String
    }

    /// Replaces the charger's own; another one of the same id is a conflict.
    static let upsert = """
        INSERT INTO schedules (charger_id, id, timezone, days, slots, updated_at_ms)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (charger_id) DO UPDATE SET id = excluded.id, timezone = excluded.timezone,
        days = excluded.days, slots = excluded.slots, updated_at_ms = excluded.updated_at_ms
        """

    static let select = """
        SELECT charger_id, id, timezone, days, slots, updated_at_ms FROM schedules
        WHERE charger_id = ?
        """

    /// - Throws: ``UnreadableRow`` for a schedule that could not be read back.
    static func values(
        of schedule: RecurringSchedule, for charger: ChargerID
    ) throws -> StatementArguments {
        guard schedule.charger == charger else {
            throw StoreError.unavailable(
                reason: "refused: the schedule of \(schedule.charger) for \(charger)")
        }
        try check(schedule)
        let days =
            switch schedule.recurrence {
            case .daily: daily
            case .weekly(let days): days.map(\.rawValue).joined(separator: ",")
            }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let slots = try encoder.encode(
            schedule.slots.map {
                Slot(
                    start: $0.startMinute, minutes: $0.durationMinutes,
                    command: $0.command.rawValue)
            })
        return [
            charger.rawValue, schedule.id, schedule.timezone, days,
            String(decoding: slots, as: UTF8.self), schedule.updatedAt.milliseconds,
        ]
    }

    static func schedule(from row: Row) throws -> RecurringSchedule {
        let schedule = RecurringSchedule(
            id: try row.decode(String.self, forColumn: "id"),
            charger: ChargerID(try row.decode(String.self, forColumn: "charger_id")),
            timezone: try row.decode(String.self, forColumn: "timezone"),
            recurrence: try recurrence(try row.decode(String.self, forColumn: "days")),
            slots: try slots(try row.decode(String.self, forColumn: "slots")),
            updatedAt: try row.instant("updated_at_ms"))
        try check(schedule)
        return schedule
    }

    private static func recurrence(_ text: String) throws -> RecurringSchedule.Recurrence {
        guard text != daily else { return .daily }
        return .weekly(
            try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let day = Weekday(rawValue: String(word)) else {
                    throw UnreadableRow(reason: "a day of the schedule is an unknown word")
                }
                return day
            })
    }

    private static func slots(_ text: String) throws -> [ScheduleSlot] {
        let slots: [Slot]
        do {
            slots = try JSONDecoder().decode([Slot].self, from: Data(text.utf8))
        } catch {
            throw UnreadableRow(reason: "the slots of the schedule are not what was written")
        }
        return try slots.map { slot in
            guard let command = ChargeCommand(rawValue: slot.command) else {
                throw UnreadableRow(reason: "the command of a slot is an unknown word")
            }
            return ScheduleSlot(
                startMinute: slot.start, durationMinutes: slot.minutes, command: command)
        }
    }

    /// What ``RecurringSchedule`` promises, as far as one row can break it.
    private static func check(_ schedule: RecurringSchedule) throws {
        if case .weekly(let days) = schedule.recurrence {
            guard !days.isEmpty, zip(days, days.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw UnreadableRow(reason: "the days of the schedule are missing or out of order")
            }
        }
        let slots = schedule.slots
        guard 1...maximumSlots ~= slots.count else {
            throw UnreadableRow(reason: "the schedule has \(slots.count) slots")
        }
        guard
            slots.allSatisfy({ 0..<1440 ~= $0.startMinute && 1...1440 ~= $0.durationMinutes })
        else {
            throw UnreadableRow(reason: "a slot of the schedule is outside of its day")
        }
        let isOrdered = zip(slots, slots.dropFirst()).allSatisfy {
            $0.startMinute + $0.durationMinutes <= $1.startMinute
        }
        guard isOrdered else {
            throw UnreadableRow(reason: "the slots of the schedule are out of order, or overlap")
        }
    }
}
