import ChargeControl
import ChargeModel
import GRDB
import Glibc

/// What a look from outside shows, without changing anything and without being the agent.
extension ActionStore {
    package enum Examination: Hashable, Sendable {
        /// There is no database yet.
        case missing
        case sound(actions: Int)
        /// For people.
        case wrong(reason: String)
    }

    /// Looks at the database of a state directory while an agent may be running with it.
    package static func examine(directory path: String) -> Examination {
        let database = StateDirectory(path: path).databasePath
        guard access(database, F_OK) == 0 else { return .missing }
        do {
            return try readOnly(database) { connection in
                try Schema.checkIdentity(connection)
                let findings = try String.fetchAll(connection, sql: "PRAGMA quick_check(1)")
                guard findings == ["ok"] else {
                    return .wrong(reason: "damaged: \(findings.joined(separator: "; "))")
                }
                let actions = try Int.fetchOne(connection, sql: "SELECT count(*) FROM actions")
                return .sound(actions: actions ?? 0)
            }
        } catch {
            return .wrong(reason: StoreError(error).logReason)
        }
    }

    /// The environments of the keys that are valid at an instant; empty where they cannot be read.
    package static func examineKeys(
        directory path: String, at instant: WallInstant
    ) -> [APIEnvironment] {
        do {
            return try readOnly(StateDirectory(path: path).databasePath) { connection in
                try String.fetchAll(
                    connection,
                    sql: """
                        SELECT environment FROM api_keys WHERE revoked_at_ms IS NULL
                        AND (expires_at_ms IS NULL OR expires_at_ms > ?)
                        """, arguments: [instant.milliseconds]
                ).compactMap(APIEnvironment.init(rawValue:))
            }
        } catch {
            // That it cannot be read is what examining the database says.
            return []
        }
    }

    private static func readOnly<Value>(
        _ path: String, _ body: (Database) throws -> Value
    ) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(busyTimeout)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let value = Result { try queue.read(body) }
        try queue.close()
        return try value.get()
    }
}
