import ChargeControl
import GRDB

/// The tables, and how they came to be. A migration that was released is never edited: it names
/// tables and columns as strings, so that renaming a Swift type cannot change the past.
enum Schema {
    /// "EVSE" in ASCII, in the header of the file (`PRAGMA application_id`).
    static let applicationID = 0x4556_5345

    static func migrate(_ pool: DatabasePool) throws {
        let migrator = self.migrator
        let applied = try pool.read(migrator.appliedIdentifiers)
        let known = Set(migrator.migrations)
        if !applied.isSubset(of: known) {
            // A newer release has carried out all of ours and more; a flipped bit has not.
            guard known.isSubset(of: applied) else { throw Damage(reason: "unknown migrations") }
            throw StoreError.unavailable(
                reason: """
                    the database was written by a newer release of evse-agent; install that \
                    release, or move the database away to begin with an empty one
                    """)
        }
        try migrator.migrate(pool)
        try pool.read(checkNames)
    }

    /// Refuses a database that another program made.
    static func checkIdentity(_ database: Database) throws {
        let identity = try Int.fetchOne(database, sql: "PRAGMA application_id")
        guard identity != applicationID else { return }
        let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema")
        guard identity != 0 || !tables.isEmpty else { return }
        // With our tables it is ours, and its header is damaged.
        guard tables.contains("grdb_migrations"), tables.contains("api_keys") else {
            throw ForeignDatabase()
        }
        throw Damage(reason: "the header does not say whose database it is")
    }

    /// Finds tables, columns, indices and triggers that are missing: bytes that were flipped in a name
    /// leave a sound database that no statement fits. Names only, since the texts differ between
    /// versions of SQLite.
    private static func checkNames(_ database: Database) throws {
        let missing = try expectedNames.get().subtracting(try names(database))
        guard let name = missing.min() else { return }
        throw Damage(reason: "\(name) is missing")
    }

    /// Of a database that has just been made.
    private static let expectedNames = Result {
        let empty = try DatabaseQueue()
        try migrator.migrate(empty)
        return try empty.read(names)
    }

    private static func names(_ database: Database) throws -> Set<String> {
        Set(
            try String.fetchAll(
                database,
                sql: """
                    SELECT type || ' ' || name FROM sqlite_schema
                    UNION ALL
                    SELECT 'column ' || m.name || '.' || c.name
                    FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'
                    """))
    }

    static let first = "1: actions, intents, settings, idempotency, keys"

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(first) { database in
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            for table in [actions, intents, settings, idempotency, apiKeys] {
                try database.execute(sql: table)
            }
        }
        migrator.registerMigration("2: deferred actions, schedules, counts") { database in
            for statements in deferral {
                try database.execute(sql: statements)
            }
        }
        migrator.registerMigration("3: start delays, answers about schedules") { database in
            for statements in delays {
                try database.execute(sql: statements)
            }
        }
        return migrator
    }

    /// `sequence` is the order of insertion; an update keeps it. The partial index holds that a
    /// charger has at most one action that is not finished.
    private static let actions = """
        CREATE TABLE actions (
            sequence INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 64),
            charger_id TEXT NOT NULL CHECK (length(charger_id) BETWEEN 1 AND 64),
            command TEXT NOT NULL CHECK (command IN ('charge', 'idle')),
            state TEXT NOT NULL CHECK (
                state IN ('scheduled', 'acknowledged', 'completed', 'failed', 'cancelled')),
            error_code TEXT,
            error_message TEXT,
            message TEXT,
            created_at_ms INTEGER NOT NULL,
            updated_at_ms INTEGER NOT NULL,
            acknowledged_at_ms INTEGER,
            completed_at_ms INTEGER,
            start_at_ms INTEGER,
            end_at_ms INTEGER,
            sandbox_error_code TEXT,
            sandbox_delay_ms INTEGER CHECK (sandbox_delay_ms BETWEEN 0 AND 60000),
            CHECK ((state = 'failed') = (error_code IS NOT NULL)),
            CHECK ((error_code IS NULL) = (error_message IS NULL)),
            CHECK (sandbox_error_code IS NULL OR sandbox_delay_ms IS NOT NULL)
        ) STRICT;
        CREATE INDEX actions_by_charger ON actions (charger_id, created_at_ms);
        CREATE INDEX actions_by_state ON actions (charger_id, state, created_at_ms);
        CREATE UNIQUE INDEX actions_one_open ON actions (charger_id)
            WHERE state IN ('scheduled', 'acknowledged');
        """

    /// `adopted_limit_ma` is the current per phase that was found in the wallbox.
    private static let intents = """
        CREATE TABLE intents (
            charger_id TEXT NOT NULL PRIMARY KEY CHECK (length(charger_id) BETWEEN 1 AND 64),
            kind TEXT NOT NULL CHECK (kind IN ('charge', 'idle', 'adopted')),
            adopted_limit_ma INTEGER CHECK (adopted_limit_ma >= 0),
            updated_at_ms INTEGER NOT NULL,
            CHECK ((kind = 'adopted') = (adopted_limit_ma IS NOT NULL))
        ) STRICT, WITHOUT ROWID;
        """

    private static let settings = """
        CREATE TABLE settings (
            charger_id TEXT NOT NULL PRIMARY KEY CHECK (length(charger_id) BETWEEN 1 AND 64),
            max_charge_rate_w INTEGER NOT NULL CHECK (max_charge_rate_w BETWEEN 0 AND 50000),
            updated_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let idempotency = """
        CREATE TABLE idempotency (
            scope TEXT NOT NULL,
            key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
            body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
            action_id TEXT REFERENCES actions (id) ON DELETE CASCADE,
            created_at_ms INTEGER NOT NULL,
            PRIMARY KEY (scope, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_by_age ON idempotency (created_at_ms);
        """

    private static let apiKeys = """
        CREATE TABLE api_keys (
            sequence INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 64),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
            environment TEXT NOT NULL CHECK (environment IN ('sandbox', 'live')),
            user_id TEXT CHECK (length(user_id) BETWEEN 1 AND 255),
            is_read_only INTEGER NOT NULL CHECK (is_read_only IN (0, 1)),
            key_sha256 BLOB NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
            created_at_ms INTEGER NOT NULL,
            expires_at_ms INTEGER,
            revoked_at_ms INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX api_keys_one_valid_name ON api_keys (name)
            WHERE revoked_at_ms IS NULL;
        """
}
