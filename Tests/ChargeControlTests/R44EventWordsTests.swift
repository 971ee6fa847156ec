import ChargeControl
import ChargeModel
import Testing

/// What the security log says of each event: enough to know where to look, and never a secret.
@Suite struct R44EventWordsTests {
    private typealias Kind = SecurityEvent.Kind

    @Test("R44 every event has its name and its facts")
    func r44_eventsHaveTheirNamesAndFacts() {
        let charger = ChargerID("a")
        let rows: [(Kind, String, [String])] = [
            (.authenticationFailed(source: "10.0.0.1"), "authentication_failed", ["10.0.0.1"]),
            (.keyCreated(id: "k1", name: "app"), "key_created", ["k1", "app"]),
            (.keyRevoked("app"), "key_revoked", ["app"]),
            (
                .configurationChanged(sha256: "ab", keys: ["poll"]), "configuration_changed",
                ["ab", "poll"]
            ),
            (
                .configurationChanged(sha256: "ab", keys: nil), "configuration_changed",
                ["ab", "all; none was known before"]
            ),
            (.limitRefused(charger: charger, reason: "r"), "limit_refused", ["a", "r"]),
            (.failsafeEntered(charger: charger, reason: "r"), "failsafe_entered", ["a", "r"]),
            (.failsafeLeft(charger: charger), "failsafe_left", ["a"]),
            (.clockStepped(by: .seconds(-3)), "clock_stepped", ["-3000"]),
            (.started(version: "1.0"), "started", ["1.0"]),
            (.stopped(reason: "SIGTERM"), "stopped", ["SIGTERM"]),
            (.storeSetAside(message: "torn"), "store_set_aside", ["torn"]),
        ]
        for (kind, name, values) in rows {
            #expect(kind.name == name)
            #expect(kind.facts.map(\.value) == values)
            #expect(kind.facts.allSatisfy { !$0.name.isEmpty })
        }
    }

    @Test func r44_ofManyChangedKeysEightAreNamed() {
        let keys = (1...11).map { "key\($0)" }
        let facts = Kind.configurationChanged(sha256: "", keys: keys).facts
        #expect(facts.last?.value.hasSuffix("key8 and 3 more") == true)
    }

    @Test func keysBeginWithTheirEnvironment() {
        #expect(APIEnvironment.sandbox.keyPrefix == "amps_sk_test_")
        #expect(APIEnvironment.live.keyPrefix == "amps_sk_live_")
    }
}
