import ChargeControl
import ChargeModel
import Crypto

/// Makes API keys. The secret leaves through the return value, once; only its hash is for storing.
package enum APIKeyMaker {
    private static let alphabet = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// Random characters of a secret: 32 of 62 different ones are 190 bits. At least 128 are asked
    /// for (requirement R31).
    private static let secretLength = 32

    /// Random characters of an id, which only has to be different.
    private static let idLength = 12

    /// - Parameter user: The only user whose chargers the key sees; nil for all of its environment.
    /// - Returns: The key to store, and the text that its owner sends.
    package static func make(
        name: String, environment: APIEnvironment, user: String? = nil, isReadOnly: Bool = false,
        at now: WallInstant, expiresAt: WallInstant? = nil
    ) -> (key: APIKey, secret: String) {
        let secret = environment.keyPrefix + random(secretLength)
        let key = APIKey(
            id: "key_" + random(idLength), name: name, environment: environment, user: user,
            isReadOnly: isReadOnly, hash: hash(of: secret), createdAt: now, expiresAt: expiresAt)
        return (key, secret)
    }

    /// The SHA-256 of a key's whole text, as ``APIKey/hash`` holds it.
    package static func hash(of secret: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(secret.utf8)))
    }

    private static func random(_ length: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return String(
            (0..<length).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            })
    }
}
