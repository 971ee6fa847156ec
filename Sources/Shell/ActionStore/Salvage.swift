import ChargeControl
import ChargeModel
import Foundation
import GRDB

/// What can be taken over from a damaged database.
///
/// A key that was revoked must never open anything again, so keys are taken over only if nothing of
/// theirs can be missing: SQLite finds their table and its indices, one of which holds the valid keys,
/// sound and in agreement, every row can be read, and the log has lost no commit, which may have been
/// a revocation (``WriteAheadLogCheck``). Otherwise all keys are left behind.
///
/// Settings only ever lower a limit, so each that can be read is taken over.
struct Salvage {
    private var keys: [APIKey] = []
    private var settings: [(charger: String, watts: Int, updated: Int64)] = []
    /// Why no keys could be taken over; nil if all were.
    private var keyProblem: String?

    /// Reads and never writes: what was set aside stays as it was found.
    ///
    /// - Parameter lostCommits: Of the log, before anybody opened the database
    ///   (``WriteAheadLogCheck``); nil if that is not known.
    init(from path: String, lostCommits: Int?) {
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            settings = try database.read(Self.settings)
            guard lostCommits == 0 else {
                throw Damage(reason: "the log is damaged, and a revocation may be missing")
            }
            keys = try database.read(Self.keys)
        } catch {
            keyProblem = StoreError(error).logReason
        }
    }

    /// - Returns: What was taken over, for people.
    func putInto(_ pool: DatabasePool) throws -> String {
        try pool.write { database in
            for key in keys { try ActionStore.insert(key, into: database) }
            for (charger, watts, updated) in settings {
                try database.execute(
                    sql: """
                        INSERT INTO settings (charger_id, max_charge_rate_w, updated_at_ms)
                        VALUES (?, ?, ?)
                        """, arguments: [charger, watts, updated])
            }
        }
        let rates = "\(settings.count) setting\(settings.count == 1 ? "" : "s")"
        guard let keyProblem else {
            return "\(keys.count) API key\(keys.count == 1 ? "" : "s") and \(rates) were taken over"
        }
        return """
            \(rates) were taken over, and no API keys (\(keyProblem)): make new ones with \
            evse-agent keys create
            """
    }

    private static func keys(_ database: Database) throws -> [APIKey] {
        let findings = try String.fetchAll(database, sql: "PRAGMA integrity_check(api_keys)")
        guard findings == ["ok"] else {
            throw Damage(reason: "their table is damaged")
        }
        let keys = try ActionStore.allKeys(in: database)
        guard keys.allSatisfy({ $0.hash.count == 32 && !$0.id.isEmpty && !$0.name.isEmpty }) else {
            throw Damage(reason: "a key has no hash or name")
        }
        return keys
    }

    private static func settings(
        _ database: Database
    ) throws -> [(charger: String, watts: Int, updated: Int64)] {
        var settings: [(charger: String, watts: Int, updated: Int64)] = []
        do {
            let rows = try Row.fetchCursor(
                database, sql: "SELECT charger_id, max_charge_rate_w, updated_at_ms FROM settings")
            while let row = try rows.next() {
                let charger = try row.decode(String.self, forColumn: "charger_id")
                let watts = try row.decode(Int.self, forColumn: "max_charge_rate_w")
                let updated = try row.decode(Int64.self, forColumn: "updated_at_ms")
                let isKnown = settings.contains { $0.charger == charger }
                guard 0...50_000 ~= watts, 1...64 ~= charger.count, !isKnown else { continue }
                settings.append((charger, watts, updated))
            }
        } catch is DatabaseError {
            // The rest of them is behind the damage; those before it hold.
            return settings
        }
        return settings
    }
}
