import ChargeControl
import ChargeModel
import HTTPTypes
import Logging
import Testing

@testable import AgentAPI

@Suite struct AccessTests {
    private static let methods = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
        "get", "BREW",
    ]

    /// A path that fits a pattern.
    private static func path(_ pattern: String) -> String {
        pattern.replacing("{id}", with: "device_ev_001")
    }

    // MARK: R31

    /// Every route, with every method and in every disguise: 401 without a key, but for the one
    /// liveness probe.
    @Test func r31_nothingButLivenessAnswersWithoutAKey() async throws {
        let harness = APIHarness.unlimited()
        var asked = 0
        for route in AgentRouter.table.routes {
            let path = Self.path(route.pattern)
            let disguises = [
                path, path + "/", path + "//", "/" + path, path + "?x=1", path + "%2F", path + "/.",
                path + "/../health", "/./" + path.dropFirst(), path.replacing("/", with: "%2f"),
                path.uppercased() + "X", path + ";a=b", path + "%00", "http://127.0.0.1\(path)x",
                path + "/health",
            ]
            for target in disguises {
                for method in Self.methods {
                    let isLiveness = method == "GET" && target.prefix { $0 != "?" } == "/health"
                    let answer = try await harness.ask(method, target, key: nil)
                    #expect(
                        answer.status == (isLiveness ? 200 : 401), "\(method) \(target)")
                    asked += 1
                }
            }
        }
        #expect(asked == AgentRouter.table.routes.count * 15 * Self.methods.count)
    }

    @Test func r31_livenessNeedsNoKeyAndSaysNothing() async throws {
        let answer = try await APIHarness().get("/health", key: nil)
        #expect(answer.status == 200)
        try Golden("health").expect(answer)
    }

    @Test func r31_everyRouteAnswersWithAKey() async throws {
        let harness = APIHarness.unlimited()
        for route in AgentRouter.table.routes where !route.pattern.hasSuffix("/events") {
            guard route.pattern != "/events" else { continue }
            let answer = try await harness.ask(route.method.rawValue, Self.path(route.pattern))
            #expect(![401, 405, 500].contains(answer.status), "\(route.method) \(route.pattern)")
            #expect(try answer.code != "NOT_FOUND")
        }
    }

    // MARK: Paths

    @Test(arguments: [
        "/ev-charger/", "//ev-charger", "/ev-charger//", "/EV-charger",
        "/ev-charger/device_ev_001/",
        "//ev-charger/device_ev_001", "/ev-charger//device_ev_001", "/ev-charger%2Fdevice_ev_001",
        "/ev-charger/device_ev_001%2Fdecision", "/ev-charger/device%5Fev_001", "/%65v-charger",
        "/ev-charger/device_ev_001/decision/x", "/", "/ev-charger/..", "/./ev-charger", "/actions/",
        "/ev-charger/device_ev_001/../device_ev_002", "/health/", "/openapi.json/", "/ev-charger;x",
        "/ev-charger/" + String(repeating: "d", count: 129),
    ])
    func onlyTheExactPathIsThere(_ path: String) async throws {
        let answer = try await APIHarness().get(path)
        #expect(answer.status == 404)
        #expect(["NOT_FOUND", "DEVICE_NOT_FOUND"].contains(try answer.code))
        #expect(try answer.json()["meta"]?["path"]?.text == path)
    }

    @Test func aWrongMethodSaysWhichAreRight() async throws {
        let harness = APIHarness.unlimited()
        for pattern in Set(AgentRouter.table.routes.map(\.pattern)) {
            let allowed = AgentRouter.table.routes.filter { $0.pattern == pattern }
                .map(\.method.rawValue)
            for method in Self.methods where !allowed.contains(method) {
                let answer = try await harness.ask(method, Self.path(pattern))
                #expect(answer.status == 405, "\(method) \(pattern)")
                #expect(answer.header("allow") == allowed.joined(separator: ", "))
            }
        }
    }

    @Test func aGetWithABodyIsRefused() async throws {
        let answer = try await APIHarness().ask("GET", "/ev-charger", body: "{}")
        #expect(answer.status == 400)
        #expect(try answer.field == "body")
    }

    // MARK: Keys

    @Test(arguments: [
        [("x-api-key", Scene.sandboxKey)],
        [("X-API-Key", Scene.sandboxKey)],
        [("Authorization", "Bearer " + Scene.sandboxKey)],
        [("authorization", "bearer  " + Scene.sandboxKey)],
        [("x-api-key", Scene.sandboxKey), ("Authorization", "Bearer " + Scene.sandboxKey)],
    ])
    func aKeyIsTakenFromEitherHeader(_ headers: [(String, String)]) async throws {
        let answer = try await APIHarness().ask("GET", "/ev-charger", key: nil, headers: headers)
        #expect(answer.status == 200)
    }

    @Test(
        arguments: [
            ([], "UNAUTHORIZED"),
            ([("Cookie", "x-api-key=" + Scene.sandboxKey)], "UNAUTHORIZED"),
            ([("x-api-key", "")], "INVALID_API_KEY"),
            ([("x-api-key", "amps_sk_test_")], "INVALID_API_KEY"),
            ([("x-api-key", "amps_sk_test_short")], "INVALID_API_KEY"),
            ([("x-api-key", Scene.sandboxKey + "x")], "INVALID_API_KEY"),
            ([("x-api-key", String(Scene.sandboxKey.dropLast()))], "INVALID_API_KEY"),
            ([("x-api-key", Scene.sandboxKey.replacing("amps_", with: ""))], "INVALID_API_KEY"),
            ([("x-api-key", Scene.sandboxKey.replacing("test", with: "live"))], "INVALID_API_KEY"),
            ([("x-api-key", Scene.sandboxKey.uppercased())], "INVALID_API_KEY"),
            ([("x-api-key", Scene.revokedKey)], "INVALID_API_KEY"),
            ([("x-api-key", Scene.expiredKey)], "EXPIRED_TOKEN"),
            ([("Authorization", "Basic " + Scene.sandboxKey)], "INVALID_API_KEY"),
            ([("Authorization", Scene.sandboxKey)], "INVALID_API_KEY"),
            ([("Authorization", "Bearer")], "INVALID_API_KEY"),
            ([("Authorization", "Bearer \(Scene.sandboxKey) \(Scene.liveKey)")], "INVALID_API_KEY"),
            (
                [("x-api-key", Scene.sandboxKey), ("x-api-key", Scene.sandboxKey)],
                "INVALID_API_KEY"
            ),
            (
                [("x-api-key", Scene.sandboxKey), ("Authorization", "Bearer " + Scene.liveKey)],
                "INVALID_API_KEY"
            ),
            (
                [("x-api-key", Scene.sandboxKey), ("Authorization", "Basic YTpi")],
                "INVALID_API_KEY"
            ),
        ] as [([(String, String)], String)])
    func r31_whatIsNoValidKeyIsRefused(_ headers: [(String, String)], _ code: String) async throws {
        let answer = try await APIHarness().ask("GET", "/ev-charger", key: nil, headers: headers)
        #expect(answer.status == 401)
        #expect(try answer.code == code)
        #expect(answer.header("www-authenticate") == "Bearer")
    }

    @Test func aKeyOfTheWrongEnvironmentInTheStoreIsNotBelieved() {
        var key = Scene.key(Scene.sandboxKey, .live)
        #expect(KeyRing([key]).verdict(on: Scene.sandboxKey, at: Scene.now.wall) == .unknown)
        key.environment = .sandbox
        #expect(KeyRing([key]).verdict(on: Scene.sandboxKey, at: Scene.now.wall) == .valid(key))
    }

    @Test func aKeyExpiresAtItsInstant() {
        var key = Scene.key(Scene.sandboxKey, .sandbox)
        key.expiresAt = Scene.now.wall
        let ring = KeyRing([key])
        let before = Scene.now.wall.advanced(by: .milliseconds(-1))
        #expect(ring.verdict(on: Scene.sandboxKey, at: before) == .valid(key))
        #expect(ring.verdict(on: Scene.sandboxKey, at: Scene.now.wall) == .expired)
    }

    @Test func r32_revokedKeysAreRefusedAtOnce() async throws {
        let harness = APIHarness()
        #expect(try await harness.get("/ev-charger").status == 200)
        harness.keys.replace(
            Scene.keys.map { key in
                var key = key
                key.revokedAt = Scene.now.wall
                return key
            })
        #expect(try await harness.get("/ev-charger").status == 401)
        harness.keys.replace([])
        #expect(try await harness.get("/ev-charger").status == 401)
    }

    @Test func r31_generatedKeysHaveTheirFormAndAreAllDifferent() {
        for environment in APIEnvironment.allCases {
            let keys = (0..<100).map { _ in KeyText.generate(for: environment) }
            #expect(Set(keys).count == keys.count)
            for key in keys {
                #expect(key.hasPrefix(environment.keyPrefix))
                #expect(KeyText.environment(of: key) == environment)
                // 32 characters of base 62 are 190 bits.
                #expect(key.dropFirst(environment.keyPrefix.count).count == 32)
            }
        }
    }

    /// Whatever a client sends as a key, no line of the log has it; nor has any answer.
    @Test func r32_noKeyReachesLogOrAnswer() async throws {
        let harness = APIHarness.unlimited()
        let keys = [
            Scene.sandboxKey, Scene.revokedKey, Scene.expiredKey, "not-a-key-but-a-secret",
        ]
        for key in keys {
            for answer in [
                try await harness.get("/ev-charger", key: key),
                try await harness.get("/ev-charger?api_key=\(key)", key: key),
                try await harness.ask(
                    "GET", "/x", key: nil, headers: [("Authorization", "Bearer \(key)")]),
                try await harness.post("/ev-charger/device_ev_001", #"{"k":"\#(key)"}"#, key: key),
            ] {
                #expect(!String(decoding: answer.bytes, as: UTF8.self).contains(key))
            }
        }
        #expect(harness.log.lines.count >= 16)
        for line in harness.log.lines {
            for key in keys { #expect(!line.text.contains(key)) }
        }
    }

    // MARK: R33

    @Test func r33_theEleventhFailureInAMinuteIs429AndValidKeysAreUnaffected() async throws {
        let harness = APIHarness()
        func fail(from source: String) async throws -> Answer {
            try await harness.ask("GET", "/ev-charger", key: nil, from: source)
        }
        for _ in 0..<10 { #expect(try await fail(from: "192.0.2.1").status == 401) }
        let refused = try await fail(from: "192.0.2.1")
        #expect(refused.status == 429)
        #expect(try refused.code == "RATE_LIMIT_EXCEEDED")
        #expect(refused.header("retry-after") == "6")
        try Golden("error-RATE_LIMIT_EXCEEDED").expect(refused)

        #expect(try await fail(from: "192.0.2.2").status == 401)
        #expect(try await harness.get("/ev-charger").status == 200)
        harness.service.set { $0.now = Scene.now.advanced(by: .seconds(6)) }
        #expect(try await fail(from: "192.0.2.1").status == 401)
        #expect(try await fail(from: "192.0.2.1").status == 429)
    }

    @Test func r33_aKeyHas20RequestsASecondAfter40AtOnce() async throws {
        let harness = APIHarness()
        for _ in 0..<40 { #expect(try await harness.get("/ev-charger").status == 200) }
        let refused = try await harness.get("/ev-charger")
        #expect(refused.status == 429)
        #expect(refused.header("retry-after") == "1")
        #expect(try await harness.get("/nothing").status == 429)
        #expect(try await harness.ask("PUT", "/ev-charger").status == 429)
        #expect(try await harness.get("/ev-charger", key: Scene.liveKey).status == 200)
        harness.service.set { $0.now = Scene.now.advanced(by: .milliseconds(50)) }
        #expect(try await harness.get("/ev-charger").status == 200)
        #expect(try await harness.get("/ev-charger").status == 429)
    }

    @Test func r33_aStopIsNeverRefusedForItsRate() async throws {
        let harness = APIHarness()
        let path = "/ev-charger/device_ev_001"
        for _ in 0..<41 { _ = try await harness.get("/ev-charger") }
        for _ in 0..<100 {
            #expect(try await harness.post(path, #"{"action":{"command":"idle"}}"#).status == 202)
        }
        let start = try await harness.post(path, #"{"action":{"command":"charge"}}"#)
        #expect(start.status == 429)
        #expect(try await harness.post(path, "{}").status == 429)
        #expect(harness.service.recorded { $0.pushed.count } == 100)
    }

    @Test func r33_stopsTakeNothingFromTheBudgetOfOtherRequests() async throws {
        let harness = APIHarness()
        for _ in 0..<100 {
            _ = try await harness.post(
                "/ev-charger/device_ev_001", #"{"action":{"command":"idle"}}"#)
        }
        for _ in 0..<40 { #expect(try await harness.get("/ev-charger").status == 200) }
    }

    // MARK: Log

    @Test func oneLineARequestAndAWarningWithTheSourceForAFailedKey() async throws {
        let harness = APIHarness()
        let answer = try await harness.get("/ev-charger?limit=5")
        let line = try #require(harness.log.lines.first)
        #expect(harness.log.lines.count == 1)
        #expect(line.level == .debug)
        for part in [
            "method=GET", "path=/ev-charger", "status=200", "key=key_s", "source=192.0.2.1",
        ] {
            #expect(line.text.contains(part))
        }
        let id = try #require(try answer.json()["meta"]?["requestId"]?.text)
        #expect(line.text.contains("requestId=\(id)"))
        #expect(answer.header("x-request-id") == id)

        _ = try await harness.get("/ev-charger", key: nil)
        let warning = try #require(harness.log.lines.first { $0.level == .warning })
        #expect(warning.text.contains("source=192.0.2.1"))
        #expect(warning.text.contains("reason=UNAUTHORIZED"))
    }

    @Test func whatAClientSendsCannotBreakALineOfTheLog() async throws {
        let harness = APIHarness()
        _ = try await harness.get(
            "/x\u{1B}[31m\r\nlevel=error é\u{202E}" + String(repeating: "a", count: 2000))
        let line = try #require(harness.log.lines.first)
        #expect(line.text.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 })
        #expect(line.text.count < 600)
    }

    @Test func requestIdentifiersDiffer() async throws {
        let harness = APIHarness.unlimited()
        var seen = Set<String>()
        for _ in 0..<200 {
            seen.insert(try #require(try await harness.get("/health").header("x-request-id")))
        }
        #expect(seen.count == 200)
    }
}
