import ChargeControl

/// The text of an API key: a prefix that names the environment, and at least 128 random bits.
package enum KeyText {
    /// 22 characters of base 62 are 131 bits.
    private static let secretLength = 22...128

    /// Prefixes that we take; the first of an environment is the one that we make.
    private static let prefixes: [(text: String, environment: APIEnvironment)] = [
        (APIEnvironment.sandbox.keyPrefix, .sandbox), ("sk_test_", .sandbox),
        (APIEnvironment.live.keyPrefix, .live), ("sk_live_", .live),
    ]

    /// A new key with 190 random bits. It is shown once and stored nowhere.
    package static func generate(for environment: APIEnvironment) -> String {
        environment.keyPrefix + RandomText.base62(count: 32)
    }

    /// The environment that a key's form names; nil where it does not have the form of a key.
    static func environment(of text: some StringProtocol) -> APIEnvironment? {
        for prefix in prefixes where text.hasPrefix(prefix.text) {
            let secret = text.utf8.dropFirst(prefix.text.utf8.count)
            guard secretLength.contains(secret.count), secret.allSatisfy(isAllowed) else {
                return nil
            }
            return prefix.environment
        }
        return nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
