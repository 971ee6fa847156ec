import ChargeControl
import ChargeModel
import GRDB

/// How long pages of actions take in a store that is as full as it gets.
package enum ListMeasurement {
    /// One kind of list.
    package struct Result: Hashable, Sendable {
        /// What it is filtered by.
        package var name: String
        package var offset: Int
        package var total: Int
        package var medianNanoseconds: Int64
        package var p99Nanoseconds: Int64
        /// The steps of `EXPLAIN QUERY PLAN`.
        package var plan: [String]
    }

    private static let chargers = (1...12).map { ChargerID("device_ev_\($0)") }

    /// 2026-03-01T00:00:00Z.
    private static let start: Int64 = 1_772_323_200_000

    /// Fills a new database and reads pages of ten from it.
    ///
    /// - Parameters:
    ///   - directory: A state directory that is not there yet.
    ///   - actions: Spread over 89 days and 12 chargers.
    ///   - rounds: How often each page is read.
    package static func run(
        directory: String, actions: Int, rounds: Int
    ) async throws(StoreError) -> [Result] {
        let store = try ActionStore.open(directory: directory)
        try await fill(store, actions)
        var results: [Result] = []
        for (name, chargers, state) in filters {
            for offset in [0, 1_000, actions / 2, actions - 20] {
                let query = ActionQuery(
                    chargers: chargers, state: state, offset: offset, limit: 10)
                results.append(try await measure(store, query, name, rounds: rounds))
            }
        }
        try store.close()
        return results
    }

    private static var filters: [(String, [ChargerID], ActionStateName?)] {
        [
            ("12 chargers", chargers, nil),
            ("12 chargers, completed", chargers, .completed),
            ("12 chargers, failed", chargers, .failed),
            ("12 chargers, scheduled", chargers, .scheduled),
            ("1 charger", [chargers[4]], nil),
            ("1 charger, completed", [chargers[4]], .completed),
            ("3 chargers", Array(chargers.prefix(3)), nil),
            ("a charger without actions", [ChargerID("device_ev_99")], nil),
        ]
    }

    private static func measure(
        _ store: ActionStore, _ query: ActionQuery, _ name: String, rounds: Int
    ) async throws(StoreError) -> Result {
        let clock = ContinuousClock()
        var times: [Int64] = []
        var total = 0
        for _ in 0..<max(1, rounds) {
            let begin = clock.now
            total = try await store.actions(query).total
            times.append((clock.now - begin).nanoseconds)
        }
        times.sort()
        return Result(
            name: name, offset: query.offset, total: total,
            medianNanoseconds: times[times.count / 2],
            p99Nanoseconds: times[times.count * 99 / 100], plan: try await store.plans(of: query))
    }

    /// As pushes would have left it: nine of ten completed, ids without an order.
    private static func fill(_ store: ActionStore, _ count: Int) async throws(StoreError) {
        let step = 89 * PagePlace.millisecondsPerDay / Int64(max(1, count))
        let batch = 5_000
        for first in stride(from: 0, to: count, by: batch) {
            try await store.write { database in
                for number in first..<min(first + batch, count) {
                    try database.cachedStatement(sql: ActionRow.upsert)
                        .execute(
                            arguments: ActionRow.values(of: action(number, step: step)))
                }
            }
        }
    }

    private static func action(_ number: Int, step: Int64) -> Action {
        let failure = ActionFailure(code: .superseded, message: "Another action came after it.")
        let state: ActionState =
            switch number % 20 {
            case 0: .failed(failure)
            case 1: .cancelled
            default: .completed
            }
        // Multiplying by an odd number takes each number to another one: a spread without a seed.
        let id = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        var action = Action(
            id: Action.ID("action_" + String(id, radix: 36)),
            charger: chargers[Int(id >> 32) % chargers.count],
            command: number % 2 == 0 ? .charge : .idle, state: state,
            createdAt: WallInstant(milliseconds: start + Int64(number) * step))
        action.updatedAt = action.createdAt.advanced(by: .milliseconds(350))
        action.acknowledgedAt = action.createdAt
        action.completedAt = action.updatedAt
        return action
    }
}
