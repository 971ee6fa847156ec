import ChargeControl
import ChargeModel
import GRDB

/// Pages of actions. A page costs about the same wherever it begins: the counts by day say on which
/// day that is, and from there the index of each charger is walked, all of them side by side, newest
/// first. No row is read that is not shown, and nothing is sorted.
extension ActionStore {
    package func actions(_ query: ActionQuery) async throws(StoreError) -> ActionPage {
        precondition(
            query.offset >= 0 && query.limit >= 0,
            "a page begins at \(query.offset) and has \(query.limit) actions")
        return try await read { database in
            let place = try PagePlace(of: query, in: database)
            guard query.offset < place.total, query.limit > 0 else {
                return ActionPage(actions: [], total: place.total)
            }
            let walk = Self.walk(query, from: place)
            let sequences = try Int64.fetchAll(
                database, sql: walk.sql, arguments: walk.arguments)
            let statement = try database.cachedStatement(
                sql: "\(ActionRow.select) WHERE sequence = ?")
            let actions = try sequences.compactMap { sequence in
                try Row.fetchOne(statement, arguments: [sequence]).map(ActionRow.action)
            }
            return ActionPage(actions: actions, total: place.total)
        }
    }

    /// The numbers of a page's rows: a merge of index ranges that are in order already. The indices
    /// are named, so that SQLite refuses the statement where it could not use them.
    static func walk(
        _ query: ActionQuery, from place: PagePlace
    ) -> (sql: String, arguments: StatementArguments) {
        var arguments = StatementArguments()
        let ranges = place.chargers.map { charger in
            arguments += [charger]
            var range = "WHERE charger_id = ?"
            if let state = query.state {
                arguments += [state.rawValue]
                range += " AND state = ?"
            }
            arguments += [place.before]
            let index = query.state == nil ? "actions_by_charger" : "actions_by_state"
            return """
                SELECT sequence, created_at_ms FROM actions INDEXED BY \(index)
                \(range) AND created_at_ms < ?
                """
        }
        arguments += [query.limit, query.offset - place.skipped]
        return (
            """
            \(ranges.joined(separator: "\nUNION ALL\n"))
            ORDER BY created_at_ms DESC, sequence DESC LIMIT ? OFFSET ?
            """, arguments
        )
    }
}

/// Where in the days a page begins.
struct PagePlace {
    static let millisecondsPerDay: Int64 = 86_400_000

    /// How many actions match in all.
    var total = 0
    /// How many of them are of days that are passed over, after the one on which the page begins.
    var skipped = 0
    /// The end of that day.
    var before: Int64 = .max
    /// Those that have an action that matches, each once.
    var chargers: [String] = []

    /// So many actions are passed over in less time than the days take.
    private static let nearEnough = 2_000

    init(of query: ActionQuery, in database: Database) throws {
        var isSeen: Set<String> = []
        let total = try database.cachedStatement(sql: Self.total(query.state))
        for charger in query.chargers.map(\.rawValue) where isSeen.insert(charger).inserted {
            let count = try Int.fetchOne(total, arguments: Self.arguments(charger, query.state))
            guard let count else { continue }
            self.total += count
            chargers.append(charger)
        }
        guard query.offset < self.total, query.offset > Self.nearEnough else { return }
        try goBack(over: query, in: database)
    }

    /// Passes over whole days.
    private mutating func goBack(over query: ActionQuery, in database: Database) throws {
        let statement = try database.cachedStatement(sql: Self.days(query.state))
        var days: [Int64: Int] = [:]
        for charger in chargers {
            let rows = try Row.fetchCursor(
                statement, arguments: Self.arguments(charger, query.state))
            while let row = try rows.next() { days[row[0], default: 0] += row[1] as Int }
        }
        for (day, count) in days.sorted(by: { $0.key > $1.key }) {
            before = (day + 1) * Self.millisecondsPerDay
            guard skipped + count <= query.offset else { break }
            skipped += count
        }
    }

    private static func arguments(
        _ charger: String, _ state: ActionStateName?
    ) -> StatementArguments {
        if let state { [charger, state.rawValue] } else { [charger] }
    }

    /// NULL without any.
    static func total(_ state: ActionStateName?) -> String {
        """
        SELECT sum(count) FROM action_counts
        WHERE charger_id = ? \(state == nil ? "" : "AND state = ?")
        """
    }

    static func days(_ state: ActionStateName?) -> String {
        """
        SELECT day, sum(count) FROM action_counts
        WHERE charger_id = ? \(state == nil ? "" : "AND state = ?") GROUP BY day
        """
    }
}

extension ActionStore {
    /// How SQLite would find a page: every step of `EXPLAIN QUERY PLAN`.
    func plans(of query: ActionQuery) async throws(StoreError) -> [String] {
        try await read { database in
            let place = try PagePlace(of: query, in: database)
            var statements = [PagePlace.total(query.state), PagePlace.days(query.state)]
            if query.offset < place.total, query.limit > 0 {
                statements.append(Self.walk(query, from: place).sql)
            }
            statements.append("\(ActionRow.select) WHERE sequence = ?")
            return try statements.flatMap { statement in
                // Without values the placeholders are NULL: plans do not depend on them.
                let plan = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(statement)")
                let values = statement.filter { $0 == "?" }.map { _ in nil as Int? }
                plan.setUncheckedArguments(StatementArguments(values))
                return try Row.fetchAll(plan).map { row -> String in row["detail"] }
            }
        }
    }
}
