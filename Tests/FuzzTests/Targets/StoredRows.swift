import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation
import GRDB

@testable import ActionStore

/// Rows as a damaged file could hold them, with any value in any column: what is read is written the
/// same, what cannot be read says so, and an engine that begins with it goes on.
enum StoredRows {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        if input.byte() & 1 == 0 {
            try checkAction(&input)
        } else {
            try checkSchedule(&input)
        }
    }

    private static func checkAction(_ input: inout FuzzInput) throws {
        guard
            let action = try readable({ [input] in
                var input = input
                return try ActionRow.action(from: Self.row(ActionRow.names, &input))
            })
        else { return }
        let again = try Self.database.get().read { database in
            try Row.fetchOne(
                database, sql: Self.selection(ActionRow.names),
                arguments: ActionRow.values(of: action))
        }
        guard let again else { throw Unsound(description: "no row") }
        try hold(try ActionRow.action(from: again) == action, "\(action) is written otherwise")
        try begin(RestoredCharger(charger: charger, openAction: action))
    }

    private static func checkSchedule(_ input: inout FuzzInput) throws {
        let names = [
            "charger_id", "id", "timezone", "days", "slots", "updated_at_ms", "delayed_slot_ms",
            "slot_delay_ms",
        ]
        let row = try row(names, &input)
        let delay = try readable { try ScheduleRow.delay(from: row) } ?? nil
        guard let schedule = try readable({ try ScheduleRow.schedule(from: row) }) else { return }
        try hold(
            try ScheduleText.schedule(try ScheduleText.text(schedule)) == schedule,
            "\(schedule) is written otherwise")
        try begin(
            RestoredCharger(
                charger: charger, intent: .charge, intentUntil: delay?.start, schedule: schedule,
                slotDelay: delay))
    }

    private static let charger = ChargerID("device_ev_001")

    /// A start with this, and what follows.
    private static func begin(_ restored: RestoredCharger) throws {
        var now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 5_000_000_000),
            wall: WallInstant(milliseconds: 1_780_000_000_000))
        let description = ChargerDescription(
            id: charger, vendor: "", model: "", user: nil, isSimulated: true, profile: "",
            phases: 3, effectivePoll: .seconds(1))
        var engine = ControlEngine(
            configuration: ControlConfiguration(
                description: description, installationMaximum: .amperes(16),
                safeCurrent: .amperes(6), minimum: .amperes(6), profileMaximum: .amperes(32),
                step: Milliamperes(100), ratedPower: nil, boot: "b"),
            restored: restored, zones: TestZoneDirectory(), at: now)
        for second in [0, 1, 2, 60, 3_600, 86_400] {
            now = now.advanced(by: .seconds(second))
            now.isWallTrusted = second != 2
            for effect in engine.tick(at: now) {
                guard case .setTarget(let target?) = effect else { continue }
                try hold(target.limit <= .amperes(16), "\(target)")
            }
            _ = engine.view
        }
    }

    // MARK: - Rows

    private static let database = Result { try DatabaseQueue() }

    private static func selection(_ names: [String]) -> String {
        "SELECT " + names.map { "? AS \($0)" }.joined(separator: ", ")
    }

    /// - Returns: nil for what the store tells of as unreadable.
    private static func readable<Value>(_ read: () throws -> Value) throws -> Value? {
        do {
            return try read()
        } catch is UnreadableRow {
            return nil
        } catch is RowDecodingError {
            return nil
        }
    }

    /// As SQLite hands it out: a text ends at its first NUL, what is no number is NULL.
    private static func row(_ names: [String], _ input: inout FuzzInput) throws -> Row {
        var values: [(any DatabaseValueConvertible)?] = []
        for _ in names { values.append(value(&input)) }
        let found = try database.get().read { [values] database in
            try Row.fetchOne(
                database, sql: selection(names), arguments: StatementArguments(values))
        }
        guard let found else { throw Unsound(description: "no row") }
        return found
    }

    private static func value(_ input: inout FuzzInput) -> (any DatabaseValueConvertible)? {
        let kind = input.byte()
        return switch kind % 8 {
        case 0: nil
        case 1: input.integer()
        case 2: Int64(input.word())
        case 3: 1_780_000_000_000 + Int64(input.word()) * 1_000
        case 4: Double(bitPattern: UInt64(bitPattern: input.integer()))
        case 5: Data(input.bytes(Int(kind >> 3)))
        case 6: words[Int(input.byte()) % words.count]
        default: input.text(Int(input.byte()))
        }
    }

    private static let words =
        ["charge", "idle", "daily", "monday,sunday", "Europe/Berlin", "b", "device_ev_001"]
        + ActionStateName.allCases.map(\.rawValue) + ActionErrorCode.allCases.map(\.rawValue) + [
            #"[{"start":1320,"minutes":480,"command":"charge"}]"#
        ]
}

extension ActionRow {
    /// Of the columns, in the order of ``values(of:)``.
    fileprivate static let names = select.dropFirst("SELECT ".count)
        .split(separator: " ").prefix { $0 != "FROM" }
        .map { String($0.filter { $0 != "," }) }
}
