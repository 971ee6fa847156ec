import ChargeControl
import ChargeModel
import Foundation
import GRDB

extension ActionStore: KeyRepository {
    package func keys() async throws(StoreError) -> [APIKey] {
        try await read(Self.allKeys)
    }

    package func insert(_ key: APIKey) async throws(StoreError) {
        try await write { try Self.insert(key, into: $0) }
    }

    package func revoke(
        _ nameOrID: String, at instant: WallInstant
    ) async throws(StoreError) -> Bool {
        try await write { database in
            // An id is somebody's for certain; a name may look like one.
            for column in ["id", "name"] {
                try database.execute(
                    sql: """
                        UPDATE api_keys SET revoked_at_ms = ?
                        WHERE \(column) = ? AND revoked_at_ms IS NULL
                        """,
                    arguments: [instant.milliseconds, nameOrID])
                if database.changesCount > 0 { return true }
            }
            return false
        }
    }

    static func allKeys(in database: Database) throws -> [APIKey] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT id, name, environment, user_id, is_read_only, key_sha256, created_at_ms,
                expires_at_ms, revoked_at_ms FROM api_keys ORDER BY sequence
                """
        ).map(key)
    }

    static func insert(_ key: APIKey, into database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO api_keys (id, name, environment, user_id, is_read_only, key_sha256,
                created_at_ms, expires_at_ms, revoked_at_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                key.id, key.name, key.environment.rawValue, key.user, key.isReadOnly,
                Data(key.hash), key.createdAt.milliseconds, key.expiresAt?.milliseconds,
                key.revokedAt?.milliseconds,
            ])
    }

    /// Times of keys are only compared: one that no clock shows locks nobody out.
    private static func key(from row: Row) throws -> APIKey {
        func time(_ column: String) throws -> WallInstant? {
            try row.decode(Int64?.self, forColumn: column).map(WallInstant.init(milliseconds:))
        }
        return APIKey(
            id: try row.text("id"), name: try row.text("name"),
            environment: try row.word("environment"),
            user: try row.textIfPresent("user_id"),
            isReadOnly: try row.decode(Bool.self, forColumn: "is_read_only"),
            hash: Array(try row.decode(Data.self, forColumn: "key_sha256")),
            createdAt: WallInstant(
                milliseconds: try row.decode(Int64.self, forColumn: "created_at_ms")),
            expiresAt: try time("expires_at_ms"), revokedAt: try time("revoked_at_ms"))
    }
}
