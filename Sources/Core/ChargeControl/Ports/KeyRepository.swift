import ChargeModel

/// The port to the API keys. Only hashes are ever stored (requirement R32).
package protocol KeyRepository: Sendable {
    /// All keys, the revoked ones too, oldest first.
    func keys() async throws(StoreError) -> [APIKey]
    func insert(_ key: APIKey) async throws(StoreError)
    /// Revokes by name or id.
    ///
    /// - Returns: Whether such a key existed and was not revoked yet.
    func revoke(_ nameOrID: String, at: WallInstant) async throws(StoreError) -> Bool
}

/// One API key as it is stored: what it may do, and the hash of its secret.
package struct APIKey: Hashable, Sendable, Identifiable {
    /// Random, not secret; what logs and scopes name.
    package let id: String
    package var name: String
    package var environment: APIEnvironment
    /// Sees only this user's chargers; nil sees all of its environment.
    package var user: String?
    package var isReadOnly: Bool
    /// SHA-256 of the whole key text. A key has at least 128 random bits, so no salt is needed.
    package var hash: [UInt8]
    package var createdAt: WallInstant
    package var expiresAt: WallInstant?
    package var revokedAt: WallInstant?

    package init(
        id: String, name: String, environment: APIEnvironment, user: String?, isReadOnly: Bool,
        hash: [UInt8], createdAt: WallInstant, expiresAt: WallInstant? = nil,
        revokedAt: WallInstant? = nil
    ) {
        self.id = id
        self.name = name
        self.environment = environment
        self.user = user
        self.isReadOnly = isReadOnly
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }
}

/// Which chargers a key sees: simulated ones or real ones.
package enum APIEnvironment: String, Hashable, Sendable, CaseIterable {
    case sandbox
    case live

    /// The prefix of the keys that we make for it.
    package var keyPrefix: String {
        switch self {
        case .sandbox: "amps_sk_test_"
        case .live: "amps_sk_live_"
        }
    }
}
