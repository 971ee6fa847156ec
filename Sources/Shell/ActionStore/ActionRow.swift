import ChargeModel
import GRDB

/// An action as a row of `actions`, both ways.
enum ActionRow {
    /// Everything but `sequence`, in the order of ``values(of:)``.
    private static let columns = [
        "id", "charger_id", "command", "state", "error_code", "error_message", "message",
        "created_at_ms", "updated_at_ms", "acknowledged_at_ms", "completed_at_ms", "start_at_ms",
        "end_at_ms", "start_boot_id", "start_boot_ns", "sandbox_error_code", "sandbox_delay_ms",
        "start_delay_ms",
    ]

    /// Inserts, or replaces what is there under the same id; the place in the order stays.
    static let upsert = """
        INSERT INTO actions (\(columns.joined(separator: ", ")))
        VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
        ON CONFLICT (id) DO UPDATE SET
        \(columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        """

    static let select = "SELECT \(columns.joined(separator: ", ")) FROM actions"

    static func values(of action: Action) -> StatementArguments {
        var failure: ActionFailure?
        if case .failed(let reason) = action.state { failure = reason }
        return [
            action.id.rawValue, action.charger.rawValue, action.command.rawValue,
            action.state.name.rawValue, failure?.code.rawValue, failure?.message, action.message,
            action.createdAt.milliseconds, action.updatedAt.milliseconds,
            action.acknowledgedAt?.milliseconds, action.completedAt?.milliseconds,
            action.start?.milliseconds, action.end?.milliseconds,
            action.startOnBoot?.boot, action.startOnBoot?.at.nanoseconds,
            action.sandbox?.failure?.rawValue, action.sandbox?.delay.milliseconds,
            action.startDelay?.milliseconds,
        ]
    }

    static func action(from row: Row) throws -> Action {
        var action = Action(
            id: Action.ID(try row.text("id")),
            charger: ChargerID(try row.text("charger_id")),
            command: try row.word("command"), state: try state(from: row),
            createdAt: try row.instant("created_at_ms"), sandbox: try sandbox(from: row))
        action.updatedAt = try row.instant("updated_at_ms")
        action.acknowledgedAt = try row.instantIfPresent("acknowledged_at_ms")
        action.completedAt = try row.instantIfPresent("completed_at_ms")
        action.start = try row.instantIfPresent("start_at_ms")
        action.startDelay = try row.numberIfPresent("start_delay_ms", in: 0...1_800_000)
            .map { .milliseconds($0) }
        action.end = try row.instantIfPresent("end_at_ms")
        action.startOnBoot = try startOnBoot(from: row)
        action.message = try row.textIfPresent("message")
        return action
    }

    private static func startOnBoot(from row: Row) throws -> BootInstant? {
        guard let boot = try row.textIfPresent("start_boot_id") else { return nil }
        // A hundred years: no computer runs for longer.
        let nanoseconds = try row.number("start_boot_ns", in: 0...3_155_760_000_000_000_000)
        return BootInstant(boot: boot, at: MonotonicInstant(nanoseconds: nanoseconds))
    }

    private static func state(from row: Row) throws -> ActionState {
        let name: ActionStateName = try row.word("state")
        return switch name {
        case .scheduled: .scheduled
        case .acknowledged: .acknowledged
        case .completed: .completed
        case .cancelled: .cancelled
        case .failed:
            .failed(
                ActionFailure(
                    code: try row.word("error_code"), message: try row.text("error_message")))
        }
    }

    private static func sandbox(from row: Row) throws -> SandboxOutcome? {
        guard let delay = try row.numberIfPresent("sandbox_delay_ms", in: 0...60_000) else {
            return nil
        }
        return SandboxOutcome(
            failure: try row.wordIfPresent("sandbox_error_code"), delay: .milliseconds(delay))
    }
}

extension Row {
    /// A text as it was written. None of ours has a NUL: SQLite would end it there when it is written
    /// again, and another action would stand in its place.
    func text(_ column: String) throws -> String {
        let text = try decode(String.self, forColumn: column)
        guard !text.utf8.contains(0) else {
            throw UnreadableRow(reason: "the column \(column) holds a NUL")
        }
        return text
    }

    func textIfPresent(_ column: String) throws -> String? {
        guard try decode(String?.self, forColumn: column) != nil else { return nil }
        return try text(column)
    }

    /// A value that is one of a set of words.
    func word<Word: RawRepresentable<String>>(_ column: String) throws -> Word {
        guard let word = Word(rawValue: try text(column)) else {
            throw UnreadableRow(reason: "the column \(column) holds an unknown word")
        }
        return word
    }

    func wordIfPresent<Word: RawRepresentable<String>>(_ column: String) throws -> Word? {
        guard try decode(String?.self, forColumn: column) != nil else { return nil }
        return try word(column) as Word
    }

    func instant(_ column: String) throws -> WallInstant {
        WallInstant(milliseconds: try number(column, in: Self.instants))
    }

    func instantIfPresent(_ column: String) throws -> WallInstant? {
        try numberIfPresent(column, in: Self.instants).map(WallInstant.init(milliseconds:))
    }

    /// From 1970 up to 2261. No clock shows others, and what lies between two of them fits into the
    /// nanoseconds that are computed with: a flipped bit must not overflow them.
    private static let instants: ClosedRange<Int64> = 0...9_214_646_399_999

    /// A number that means something within a range only.
    func number(_ column: String, in range: ClosedRange<Int64>) throws -> Int64 {
        let number = try decode(Int64.self, forColumn: column)
        guard range.contains(number) else {
            throw UnreadableRow(reason: "the column \(column) holds a number out of its range")
        }
        return number
    }

    func numberIfPresent(_ column: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard try decode(Int64?.self, forColumn: column) != nil else { return nil }
        return try number(column, in: range)
    }
}
