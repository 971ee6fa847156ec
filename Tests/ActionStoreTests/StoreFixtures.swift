import ActionStore
import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation
import Testing

/// A directory of one test; it goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    /// - Parameter inMemory: On a file system that is not on a disk, for a test of very many files.
    init(inMemory: Bool = false) throws {
        let memory = URL(fileURLWithPath: "/dev/shm")
        let hasMemory = FileManager.default.isWritableFile(atPath: memory.path)
        let url = (inMemory && hasMemory ? memory : FileManager.default.temporaryDirectory)
            .appendingPathComponent("evse-agent-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record("the directory of the test stays: \(error)")
        }
    }

    /// Where the store keeps its files; not there yet.
    var state: String { path + "/state" }
    var database: String { state + "/evse-agent.sqlite" }

    /// Makes a directory with what would be left if the process ended now: the database and its log,
    /// without the index in shared memory.
    func copyDatabase(to path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: database + suffix, toPath: path + "/evse-agent.sqlite" + suffix)
        }
    }
}

/// The two stores that one contract holds for.
enum StoreKind: CaseIterable, CustomTestStringConvertible {
    case sqlite
    case memory

    var testDescription: String {
        switch self {
        case .sqlite: "SQLite"
        case .memory: "memory"
        }
    }

    /// Runs `body` with a new, empty store.
    func withStore(
        retention: ActionRetention = .standard,
        _ body: (any ActionRepository & KeyRepository) async throws -> Void
    ) async throws {
        switch self {
        case .memory:
            try await body(InMemoryStore(retention: retention))
        case .sqlite:
            let directory = try TemporaryDirectory()
            let store = try ActionStore.open(directory: directory.state, retention: retention)
            try await body(store)
            try store.close()
        }
    }
}

extension ChargerID {
    static let first = ChargerID("device_ev_001")
    static let second = ChargerID("device_ev_002")
}

extension WallInstant {
    /// 2026-06-02T12:00:00Z, and so many milliseconds.
    static func at(_ milliseconds: Int64) -> WallInstant {
        WallInstant(milliseconds: 1_780_401_600_000 + milliseconds)
    }
}

extension Action {
    static func example(
        _ id: String, _ command: ChargeCommand = .charge, of charger: ChargerID = .first,
        _ state: ActionState = .acknowledged, at milliseconds: Int64 = 0
    ) -> Action {
        Action(
            id: Action.ID(id), charger: charger, command: command, state: state,
            createdAt: .at(milliseconds))
    }

    /// The same action in another state.
    func becoming(_ state: ActionState, at milliseconds: Int64 = 1) -> Action {
        var action = self
        action.state = state
        action.updatedAt = .at(milliseconds)
        return action
    }
}

extension IdempotencyRecord {
    static func example(
        _ key: String, scope: String = "key_1 POST /ev-charger/device_ev_001", body: UInt8 = 7,
        action: Action.ID? = nil, at milliseconds: Int64 = 0
    ) -> IdempotencyRecord {
        IdempotencyRecord(
            scope: scope, key: key, bodyHash: [UInt8](repeating: body, count: 32), action: action,
            createdAt: .at(milliseconds))
    }
}

extension RecurringSchedule {
    static func example(
        _ id: String = "sched_1", of charger: ChargerID = .first,
        _ recurrence: Recurrence = .daily, slots: [ScheduleSlot] = [.night],
        at milliseconds: Int64 = 0
    ) -> RecurringSchedule {
        RecurringSchedule(
            id: id, charger: charger, timezone: "Europe/Berlin", recurrence: recurrence,
            slots: slots, updatedAt: .at(milliseconds))
    }

    /// Its commit.
    var change: StoreChange {
        StoreChange(schedule: ScheduleChange(charger: charger, schedule: self, at: updatedAt))
    }
}

extension ScheduleSlot {
    /// From 22:00 to 6:00.
    static let night = ScheduleSlot(startMinute: 1320, durationMinutes: 480, command: .charge)
    /// From 12:30 to 13:00.
    static let noon = ScheduleSlot(startMinute: 750, durationMinutes: 30, command: .idle)
}

extension Int64 {
    /// In milliseconds, as everything here.
    static let day: Int64 = 24 * 60 * 60 * 1000
}

/// Expects that the store refuses, whatever words it has for that.
func expectRefusal(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try await body() }
}
