import ChargeControl
import ChargeModel
import GRDB
import Testing

@testable import ActionStore

@Suite("Long lists")
struct ListTests {
    private static let chargers = (1...12).map { ChargerID("device_ev_\($0)") }

    /// Actions of forty days, some of the same millisecond, not in the order of their times.
    private func fill(_ store: ActionStore) async throws {
        let states: [ActionState] = [
            .completed, .cancelled, .failed(ActionFailure(code: .notApplied, message: "16 A")),
        ]
        for batch in 0..<10 {
            let actions = (0..<100).map { number in
                Action.example(
                    "action_\(batch)_\(number)", .charge,
                    // Not all chargers have actions.
                    of: Self.chargers[(number * 7 + batch) % 10], states[number % 3],
                    at: Int64((number * 17 + batch) % 40) * .day + Int64(number % 5))
            }
            try await store.commit(StoreChange(actions: actions))
        }
        try await store.commit(
            StoreChange(actions: [.example("open", .idle, of: Self.chargers[0], .scheduled)]))
    }

    private static let filters: [(chargers: [ChargerID], state: ActionStateName?)] = [
        (chargers, nil), (chargers, .completed), (chargers, .scheduled), (chargers, .failed),
        ([chargers[0]], nil), ([chargers[0]], .cancelled), ([chargers[11]], nil),
        ([chargers[3], chargers[11], chargers[0], chargers[3]], nil),
        (Array(chargers.suffix(2)), nil), (Array(chargers.prefix(5)), .acknowledged),
    ]

    @Test func everyPageContinuesTheOneBefore() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await fill(store)
        for filter in Self.filters {
            let chargers = Set(filter.chargers.map(\.rawValue))
            let state = filter.state?.rawValue
            let expected = try await store.pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT id, charger_id, state FROM actions
                        ORDER BY created_at_ms DESC, sequence DESC
                        """
                ).filter { row in
                    chargers.contains(row["charger_id"]) && (state == nil || state == row["state"])
                }.map { row -> String in row["id"] }
            }
            var listed: [String] = []
            var total = 1
            while listed.count < total {
                let page = try await store.actions(
                    ActionQuery(
                        chargers: filter.chargers, state: filter.state, offset: listed.count,
                        limit: 37))
                total = page.total
                #expect(total == expected.count)
                guard !page.actions.isEmpty else { break }
                listed += page.actions.map(\.id.rawValue)
            }
            #expect(listed == expected, "\(filter)")
        }
        try store.close()
    }

    @Test func noFilterScansOrSorts() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await fill(store)
        for filter in Self.filters {
            for offset in [0, 500, 990] {
                let query = ActionQuery(
                    chargers: filter.chargers, state: filter.state, offset: offset, limit: 10)
                let plans = try await store.plans(of: query)
                #expect(!plans.isEmpty)
                for step in plans {
                    #expect(!step.contains("SCAN"), "\(filter): \(plans)")
                    #expect(!step.contains("TEMP B-TREE"), "\(filter): \(plans)")
                }
            }
        }
        try store.close()
    }

    @Test func aPageFarDownBeginsItsWalkOnItsOwnDay() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        for batch in 0..<30 {
            let actions = (0..<100).map { number in
                Action.example(
                    "action_\(batch)_\(number)", .charge, of: Self.chargers[number % 12],
                    .completed, at: Int64(batch) * .day + Int64(number))
            }
            try await store.commit(StoreChange(actions: actions))
        }
        for (offset, skipped) in [(0, 0), (1999, 0), (2050, 2000), (2999, 2900)] {
            let query = ActionQuery(chargers: Self.chargers, offset: offset, limit: 1)
            let place = try await store.pool.read { try PagePlace(of: query, in: $0) }
            #expect(place.total == 3000)
            #expect(place.skipped == skipped)
            let batch = 29 - offset / 100
            let page = try await store.actions(query)
            #expect(page.actions.map(\.id.rawValue) == ["action_\(batch)_\(99 - offset % 100)"])
        }
        try store.close()
    }

    @Test func theCountsFollowEveryChange() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await fill(store)
        let open = Action.example("open", .idle, of: Self.chargers[0], .scheduled)
        try await store.commit(StoreChange(actions: [open.becoming(.acknowledged)]))
        try await store.commit(StoreChange(actions: [open.becoming(.completed)]))
        #expect(try await store.prune(now: .at(110 * .day)) > 0)
        let difference = try await store.pool.read { database in
            try Int.fetchOne(database, sql: Self.difference)
        }
        #expect(difference == 0)
        try store.close()
    }

    /// Rows that are in one of the two and not in the other.
    private static let difference = """
        WITH counted (charger_id, day, state, count) AS (
            SELECT charger_id, created_at_ms / 86400000, state, count(*) FROM actions
            GROUP BY 1, 2, 3)
        SELECT (SELECT count(*) FROM (SELECT * FROM counted EXCEPT SELECT * FROM action_counts))
            + (SELECT count(*) FROM (SELECT * FROM action_counts EXCEPT SELECT * FROM counted))
        """
}
