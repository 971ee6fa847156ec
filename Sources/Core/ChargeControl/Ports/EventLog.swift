import ChargeModel

/// The port to the log of security and safety events (requirement R44).
package protocol EventLog: Sendable {
    /// Adds an event; when this returns, it is durable, or counted as lost and told of with the next
    /// event that can be written. Never fails: what is done must not depend on its being noted.
    func record(_ event: SecurityEvent) async
}

/// Something that matters to whoever asks later what happened here.
package struct SecurityEvent: Hashable, Sendable {
    package var kind: Kind
    package var at: TimePoint

    package init(_ kind: Kind, at: TimePoint) {
        self.kind = kind
        self.at = at
    }

    /// What happened. None of it ever holds a key or its hash.
    package enum Kind: Hashable, Sendable {
        /// A request without a valid key. Written at most once a minute for each source, with the
        /// number of failures since.
        case authenticationFailed(source: String)
        /// By id and name.
        case keyCreated(id: String, name: String)
        /// By name or id, as it was asked for.
        case keyRevoked(String)
        /// The configuration of this start is another than that of the last one, in these keys; nil
        /// where none was known. The hash is of all of it. Values are never told.
        case configurationChanged(sha256: String, keys: [String]?)
        /// More was asked for than is allowed, and was refused or held to what is. Written at most
        /// once a minute for each charger, with the number since.
        case limitRefused(charger: ChargerID, reason: String)
        /// The charger follows its safe current, for this reason.
        case failsafeEntered(charger: ChargerID, reason: String)
        case failsafeLeft(charger: ChargerID)
        /// The wall clock jumped; later is positive.
        case clockStepped(by: Duration)
        case started(version: String)
        /// An end that was asked for; a crash leaves two starts in a row.
        case stopped(reason: String)
        case storeSetAside(message: String)
    }
}

extension SecurityEvent.Kind {
    /// One fact of an event, under the name that it has in the log.
    package struct Fact: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The `kind` of the log.
    package var name: String {
        switch self {
        case .authenticationFailed: "authentication_failed"
        case .keyCreated: "key_created"
        case .keyRevoked: "key_revoked"
        case .configurationChanged: "configuration_changed"
        case .limitRefused: "limit_refused"
        case .failsafeEntered: "failsafe_entered"
        case .failsafeLeft: "failsafe_left"
        case .clockStepped: "clock_stepped"
        case .started: "started"
        case .stopped: "stopped"
        case .storeSetAside: "store_set_aside"
        }
    }

    /// The `detail` of the log.
    package var facts: [Fact] {
        switch self {
        case .authenticationFailed(let source): [Fact("source", source)]
        case .keyCreated(let id, let name): [Fact("id", id), Fact("name", name)]
        case .keyRevoked(let key): [Fact("key", key)]
        case .configurationChanged(let hash, let keys):
            [
                Fact("sha256", hash),
                Fact("keys", keys.map(Self.list) ?? "all; none was known before"),
            ]
        case .limitRefused(let charger, let reason), .failsafeEntered(let charger, let reason):
            [Fact("charger", charger.rawValue), Fact("reason", reason)]
        case .failsafeLeft(let charger): [Fact("charger", charger.rawValue)]
        case .clockStepped(let duration): [Fact("milliseconds", "\(duration.milliseconds)")]
        case .started(let version): [Fact("version", version)]
        case .stopped(let reason): [Fact("reason", reason)]
        case .storeSetAside(let message): [Fact("message", message)]
        }
    }

    /// Names enough to know where to look; a value of the log has its bound.
    private static func list(_ keys: [String]) -> String {
        let named = 8
        let rest = keys.count > named ? " and \(keys.count - named) more" : ""
        return keys.prefix(named).joined(separator: ", ") + rest
    }
}
