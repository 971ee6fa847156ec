import ChargeControl
import ChargeModel
import HTTPTypes
import Logging
import Testing

@testable import AgentAPI

/// Each code with its status, its details and its headers.
@Suite struct ErrorTests {
    private static let push = #"{"action":{"command":"charge"}}"#

    @Test(
        arguments: [
            (RequestRefusal.unknownCharger, 404, "DEVICE_NOT_FOUND", nil),
            (.unknownAction, 404, "ACTION_NOT_FOUND", nil),
            (
                .executionNotSupported(requested: .windowed, supported: [.immediate, .scheduled]),
                422,
                "EXECUTION_NOT_SUPPORTED", nil
            ),
            (
                .conflict(
                    reason: .noStrategySupplied, actions: [Action.ID("action_7")],
                    strategies: [.cancelAndReplace]), 409, "CONFLICT", nil
            ),
            (.notCancellable(.completed), 409, "ACTION_NOT_CANCELLABLE", nil),
            (
                .invalidSchedule(
                    field: "slots[1].time", message: "must not be before slots[0] has ended"),
                422, "INVALID_SCHEDULE", nil
            ),
            (.tooManyStarts(retryAfter: .milliseconds(61_500)), 429, "RATE_LIMIT_EXCEEDED", "62"),
            (.idempotencyKeyReused, 422, "IDEMPOTENCY_KEY_REUSED", nil),
            (.busy(retryAfter: .seconds(1)), 503, "SERVICE_UNAVAILABLE", "1"),
            (.storeUnavailable(retryAfter: .zero), 503, "SERVICE_UNAVAILABLE", "1"),
            (.storeFull, 507, "INSUFFICIENT_STORAGE", nil),
        ] as [(RequestRefusal, Int, String, String?)])
    func everyRefusalHasItsCode(
        _ refusal: RequestRefusal, _ status: Int, _ code: String, _ retryAfter: String?
    ) async throws {
        let harness = APIHarness()
        harness.service.set { $0.refusal = refusal }
        let answer = try await harness.post("/ev-charger/device_ev_001", Self.push)
        #expect(answer.status == status)
        #expect(try answer.code == code)
        #expect(answer.header("retry-after") == retryAfter)
        try Golden("refusal-\(Self.name(refusal))").expect(answer)
    }

    /// For the name of the golden file.
    private static func name(_ refusal: RequestRefusal) -> String {
        String(String(describing: refusal).prefix { $0 != "(" })
    }

    @Test func aConflictInFlightOffersNoStrategies() async throws {
        let harness = APIHarness()
        harness.service.set {
            $0.refusal = .conflict(
                reason: .actionInFlight, actions: [Action.ID("action_7")], strategies: nil)
        }
        let answer = try await harness.post("/ev-charger/device_ev_001", Self.push)
        #expect(
            try answer.json()["error"]?["details"]
                == ["reason": "action_in_flight", "conflictingActionIds": ["action_7"]])
    }

    @Test func refusalsOfTheStoreReachReadersToo() async throws {
        let harness = APIHarness()
        harness.service.set { $0.refusal = .storeUnavailable(retryAfter: .seconds(3)) }
        for path in ["/actions", "/actions/action_1"] {
            let answer = try await harness.get(path)
            #expect(answer.status == 503)
            #expect(answer.header("retry-after") == "3")
        }
    }

    @Test(
        arguments: [
            ("UNAUTHORIZED", "GET", "/ev-charger", nil, nil),
            ("INVALID_API_KEY", "GET", "/ev-charger", Scene.revokedKey, nil),
            ("EXPIRED_TOKEN", "GET", "/ev-charger", Scene.expiredKey, nil),
            (
                "INSUFFICIENT_PERMISSIONS", "POST", "/ev-charger/device_ev_001", Scene.readOnlyKey,
                "{}"
            ),
            ("NOT_FOUND", "GET", "/nothing", Scene.sandboxKey, nil),
            ("METHOD_NOT_ALLOWED", "DELETE", "/ev-charger/device_ev_001", Scene.sandboxKey, nil),
            ("DEVICE_NOT_FOUND", "GET", "/ev-charger/nothing", Scene.sandboxKey, nil),
            ("INVALID_REQUEST", "POST", "/ev-charger/device_ev_001", Scene.sandboxKey, "{"),
            (
                "COMMAND_NOT_SUPPORTED", "POST", "/ev-charger/device_ev_001", Scene.sandboxKey,
                #"{"action":{"command":"fly"}}"#
            ),
            (
                "UNSUPPORTED_PARAMETER", "POST", "/ev-charger/device_ev_001", Scene.sandboxKey,
                #"{"action":{"command":"charge","parameters":{"amps":6}}}"#
            ),
            (
                "CONFLICT_STRATEGY_NOT_SUPPORTED", "POST", "/ev-charger/device_ev_001",
                Scene.sandboxKey, #"{"action":{"command":"charge"},"onConflict":"queue_after"}"#
            ),
            (
                "INVALID_TIME_WINDOW", "POST", "/ev-charger/device_ev_001", Scene.sandboxKey,
                #"{"action":{"command":"charge","end":"2026-06-02T15:00:00"}}"#
            ),
            (
                "START_IN_PAST", "POST", "/ev-charger/device_ev_001", Scene.sandboxKey,
                #"{"action":{"command":"charge","start":"2026-06-02T13:59:59"}}"#
            ),
            (
                "START_OUT_OF_RANGE", "POST", "/ev-charger/device_ev_001", Scene.sandboxKey,
                #"{"action":{"command":"charge","start":"2026-07-02T14:00:01"}}"#
            ),
            (
                "INVALID_SCHEDULE", "PUT", "/ev-charger/device_ev_001/schedule",
                Scene.sandboxKey,
                #"{"timezone":"Europe/Atlantis","recurrence":{"rule":"daily"},"slots":[]}"#
            ),
            (
                "SCHEDULE_NOT_FOUND", "GET", "/ev-charger/device_ev_001/schedule",
                Scene.sandboxKey, nil
            ),
            (
                "UNSUPPORTED_SETTING", "POST", "/ev-charger/device_ev_001/settings",
                Scene.sandboxKey,
                #"{"boost":{"value":1,"unit":"kw"}}"#
            ),
            (
                "UNSUPPORTED_UNIT", "POST", "/ev-charger/device_ev_001/settings", Scene.sandboxKey,
                #"{"max_charge_rate":{"value":1,"unit":"A"}}"#
            ),
            (
                "SETTING_OUT_OF_RANGE", "POST", "/ev-charger/device_ev_001/settings",
                Scene.sandboxKey,
                #"{"max_charge_rate":{"value":51,"unit":"kw"}}"#
            ),
        ] as [(String, String, String, String?, String?)])
    func everyOtherErrorIsItsGoldenError(
        _ code: String, _ method: String, _ path: String, _ key: String?, _ body: String?
    ) async throws {
        let answer = try await APIHarness().ask(
            method, path, key: key, headers: [("Content-Type", "application/json")], body: body)
        #expect(try answer.code == code)
        try Golden("error-\(code)").expect(answer)
    }

    @Test func errorsOfTheBodyAreTheirGoldenErrors() async throws {
        let harness = APIHarness()
        let path = "/ev-charger/device_ev_001"
        try Golden("error-UNSUPPORTED_MEDIA_TYPE").expect(
            try await harness.ask("POST", path, body: Self.push))
        try Golden("error-PAYLOAD_TOO_LARGE").expect(
            try await harness.post(path, String(repeating: " ", count: 65_537)))
    }

    @Test func errorsOfTheSiteAreTheirGoldenErrors() async throws {
        let harness = APIHarness()
        try Golden("error-HOST_NOT_ALLOWED").expect(
            try await harness.ask("GET", "/ev-charger", host: "evil.example"))
        try Golden("error-ORIGIN_NOT_ALLOWED").expect(
            try await harness.ask(
                "GET", "/ev-charger", headers: [("Origin", "https://evil.example")]))
    }

    @Test func everyCodeHasAGoldenFileOrARefusal() throws {
        let elsewhere: [APIErrorCode] = [
            .actionNotFound, .conflict, .actionNotCancellable, .executionNotSupported,
            .idempotencyKeyReused, .rateLimitExceeded, .serviceUnavailable, .insufficientStorage,
            .internalError,
        ]
        for code in APIErrorCode.allCases where !elsewhere.contains(code) {
            #expect(throws: Never.self) { try Golden("error-\(code.rawValue)") }
        }
    }

    @Test func anUnexpectedErrorTellsNothingAndIsLoggedUnderItsRequest() async throws {
        struct BrokenPart: Error {}
        let harness = APIHarness(
            routes: RouteTable(routes: [Route(.get, "/events") { _, _ in throw BrokenPart() }]))
        let answer = try await harness.get("/events")
        #expect(answer.status == 500)
        #expect(try answer.code == "INTERNAL_ERROR")
        try Golden("error-INTERNAL_ERROR").expect(answer)
        #expect(!String(decoding: answer.bytes, as: UTF8.self).contains("BrokenPart"))

        let id = try #require(try answer.json()["meta"]?["requestId"]?.text)
        let line = try #require(harness.log.lines.first { $0.level == .error })
        #expect(line.text.contains(id) && line.text.contains("BrokenPart"))
    }
}
