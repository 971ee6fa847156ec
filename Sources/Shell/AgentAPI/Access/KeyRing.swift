import ChargeControl
import ChargeModel
import Crypto
import Synchronization

/// The API keys in force, for all requests at once. The keys themselves are nowhere: only hashes
/// (requirement R32).
package final class KeyRing: Sendable {
    private let keys: Mutex<[APIKey]>

    package init(_ keys: [APIKey] = []) {
        self.keys = Mutex(keys)
    }

    /// Takes the keys as they now are in the store. Requests see them at once; open event streams of
    /// a key that is revoked, expired or gone end within a second.
    package func replace(_ keys: [APIKey]) {
        self.keys.withLock { $0 = keys }
    }

    /// The hash under which a key is stored: SHA-256 of its text.
    package static func hash(of text: some StringProtocol) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }

    /// What a presented key is worth at a moment.
    func verdict(on text: some StringProtocol, at now: WallInstant) -> KeyVerdict {
        guard let environment = KeyText.environment(of: text) else { return .unknown }
        let presented = Self.hash(of: text)
        guard let key = find(presented), key.environment == environment, key.revokedAt == nil else {
            return .unknown
        }
        return key.isExpired(at: now) ? .expired : .valid(key)
    }

    /// Whether a key that was let in is still good.
    func isValid(_ key: APIKey, at now: WallInstant) -> Bool {
        keys.withLock { keys in
            keys.contains { $0.id == key.id && $0.revokedAt == nil && !$0.isExpired(at: now) }
        }
    }

    /// Looks at every byte of every hash, so that the time taken does not tell how close a guess is.
    private func find(_ presented: [UInt8]) -> APIKey? {
        keys.withLock { keys in
            var match: APIKey?
            for key in keys where key.hash.count == presented.count {
                var difference: UInt8 = 0
                for (left, right) in zip(key.hash, presented) { difference |= left ^ right }
                if difference == 0 { match = key }
            }
            return match
        }
    }
}

enum KeyVerdict: Hashable {
    case valid(APIKey)
    case expired
    /// No such key, or a revoked one: the client is not told which.
    case unknown
}

extension APIKey {
    fileprivate func isExpired(at now: WallInstant) -> Bool {
        expiresAt.map { $0 <= now } ?? false
    }
}
