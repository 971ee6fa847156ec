import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

@Suite struct PushTests {
    private static let path = "/ev-charger/device_ev_001"

    @Test func aPushIsAnsweredAsTheGolden202() async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, #"{"action":{"command":"charge"}}"#)
        #expect(answer.status == 202)
        try Golden("push").expect(answer)
        #expect(
            harness.service.recorded { $0.pushed }
                == [ActionRequest(charger: Scene.first, command: .charge)])
    }

    @Test(arguments: [
        #"{"action":{"command":"idle"}}"#,
        #"{"action":{"command":"idle","parameters":null}}"#,
        #"{"action":{"command":"idle","parameters":{},"start":null,"end":null}}"#,
        #"{"action":{"command":"idle"},"onConflict":null,"sandbox":null}"#,
        " \n{ \"action\" : { \"command\" : \"idle\" } } \t",
    ])
    func theShapesOfAnImmediatePush(_ body: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, body)
        #expect(answer.status == 202)
        #expect(
            harness.service.recorded { $0.pushed }
                == [ActionRequest(charger: Scene.first, command: .idle)])
    }

    @Test func cancelAndReplaceIsPassedOn() async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            Self.path, #"{"action":{"command":"charge"},"onConflict":"cancel_and_replace"}"#)
        #expect(answer.status == 202)
        #expect(harness.service.recorded { $0.pushed.map(\.onConflict) } == [.cancelAndReplace])
    }

    // MARK: Bad bodies (requirement R37)

    @Test(arguments: [
        ("", "body"), ("null", "body"), ("[]", "body"), ("\"charge\"", "body"), ("{", "body"),
        ("{}", "action"), (#"{"action":null}"#, "action"), (#"{"action":"charge"}"#, "action"),
        (#"{"action":[]}"#, "action"), (#"{"action":{}}"#, "action.command"),
        (#"{"action":{"command":null}}"#, "action.command"),
        (#"{"action":{"command":1}}"#, "action.command"),
        (#"{"action":{"command":true}}"#, "action.command"),
        (#"{"action":{"command":["idle"]}}"#, "action.command"),
        (#"{"action":{"command":"idle","foo":1}}"#, "action.foo"),
        (#"{"action":{"command":"idle"},"foo":1}"#, "foo"),
        (#"{"action":{"command":"idle"},"Action":{}}"#, "Action"),
        (#"{"action":{"command":"idle","command":"charge"}}"#, "action.command"),
        (#"{"action":{"command":"idle"},"action":{"command":"idle"}}"#, "action"),
        (#"{"action":{"command":"idle","parameters":[]}}"#, "action.parameters"),
        (#"{"action":{"command":"idle","parameters":0}}"#, "action.parameters"),
        (#"{"action":{"command":"idle","start":5}}"#, "action.start"),
        (#"{"action":{"command":"idle","end":false}}"#, "action.end"),
        (#"{"action":{"command":"idle"},"onConflict":1}"#, "onConflict"),
        (#"{"action":{"command":"idle"},"sandbox":"failed"}"#, "sandbox"),
        (#"{"action":{"command":"idle"},"sandbox":{}}"#, "sandbox.outcome"),
        (#"{"action":{"command":"idle"},"sandbox":{"outcome":"explode"}}"#, "sandbox.outcome"),
        (
            #"{"action":{"command":"idle"},"sandbox":{"outcome":"failed","errorCode":"OH_NO"}}"#,
            "sandbox.errorCode"
        ),
        (
            #"{"action":{"command":"idle"},"sandbox":{"outcome":"completed","errorCode":"SUPERSEDED"}}"#,
            "sandbox.errorCode"
        ),
        (#"{"action":{"command":"idle"},"sandbox":{"outcome":"failed","x":1}}"#, "sandbox.x"),
    ])
    func r37_aBadBodyNamesItsField(_ body: String, _ field: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, body)
        #expect(answer.status == 400)
        #expect(try answer.code == "INVALID_REQUEST")
        #expect(try answer.field == field)
        #expect(harness.service.recorded { $0.pushed.isEmpty })
    }

    @Test func r37_stringsAreBounded() async throws {
        let harness = APIHarness.unlimited()
        for (length, status) in [(64, 422), (65, 400), (60_000, 400)] {
            let long = String(repeating: "c", count: length)
            let answer = try await harness.post(
                Self.path, #"{"action":{"command":"\#(long)"}}"#)
            #expect(answer.status == status)
        }
        let long = String(repeating: "f", count: 60_000)
        let answer = try await harness.post(
            Self.path, #"{"\#(long)":1,"action":{"command":"idle"}}"#)
        #expect(answer.status == 400)
        #expect(answer.bytes.count < 1000)
    }

    @Test(arguments: [
        ("0", Duration.zero), ("60000", .seconds(60)), ("2000.0", .seconds(2)),
        ("2e3", .seconds(2)),
    ])
    func sandboxDelaysWithinTheirRangeArePassedOn(_ text: String, _ delay: Duration) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            Self.path,
            #"{"action":{"command":"charge"},"sandbox":{"outcome":"failed","errorCode":"DEVICE_REFUSED","delayMs":\#(text)}}"#
        )
        #expect(answer.status == 202)
        #expect(
            harness.service.recorded { $0.pushed.map(\.sandbox) }
                == [SandboxOutcome(failure: .deviceRefused, delay: delay)])
    }

    @Test(arguments: ["-1", "60001", "0.5", "1e9", "true", "\"5\"", "1e99999"])
    func r37_sandboxDelaysBeyondTheirRangeAreRefused(_ text: String) async throws {
        let answer = try await APIHarness().post(
            Self.path,
            #"{"action":{"command":"charge"},"sandbox":{"outcome":"failed","delayMs":\#(text)}}"#)
        #expect(answer.status == 400)
        #expect(try answer.field == "sandbox.delayMs")
    }

    @Test func theSandboxObjectIsIgnoredForRealChargers() async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            "/ev-charger/device_ev_003",
            #"{"action":{"command":"idle"},"sandbox":{"outcome":"failed"}}"#, key: Scene.liveKey)
        #expect(answer.status == 202)
        #expect(harness.service.recorded { $0.pushed.map(\.sandbox) } == [nil])
    }

    // MARK: What this agent does not do

    @Test(arguments: [
        (#"{"action":{"command":"discharge"}}"#, "COMMAND_NOT_SUPPORTED"),
        (#"{"action":{"command":"Charge"}}"#, "COMMAND_NOT_SUPPORTED"),
        (#"{"action":{"command":""}}"#, "COMMAND_NOT_SUPPORTED"),
        (#"{"action":{"command":"charge","parameters":{"amps":6}}}"#, "UNSUPPORTED_PARAMETER"),
        (
            #"{"action":{"command":"charge"},"onConflict":"queue_after"}"#,
            "CONFLICT_STRATEGY_NOT_SUPPORTED"
        ),
        (#"{"action":{"command":"charge"},"onConflict":""}"#, "CONFLICT_STRATEGY_NOT_SUPPORTED"),
        (#"{"action":{"command":"charge","end":"2026-06-02T15:00:00"}}"#, "INVALID_TIME_WINDOW"),
        (
            #"{"action":{"command":"idle","start":"30m","end":"2026-06-02T15:00:00"}}"#,
            "EXECUTION_NOT_SUPPORTED"
        ),
        (#"{"action":{"command":"idle","start":"","end":""}}"#, "EXECUTION_NOT_SUPPORTED"),
    ])
    func whatIsUnderstoodAndNotDoneIs422(_ body: String, _ code: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, body)
        #expect(answer.status == 422)
        #expect(try answer.code == code)
        #expect(harness.service.recorded { $0.pushed.isEmpty })
    }

    @Test func unknownFieldsComeBeforeWhatIsNotSupported() async throws {
        let answer = try await APIHarness().post(
            Self.path, #"{"action":{"command":"discharge","start":"30m","foo":1}}"#)
        #expect(answer.status == 400)
        #expect(try answer.field == "action.foo")
    }

    @Test func aRefusedShapeSaysWhichAreSupported() async throws {
        let answer = try await APIHarness().post(
            Self.path, #"{"action":{"command":"idle","start":"30m","end":"2h"}}"#)
        #expect(
            try answer.json()["error"]?["details"]
                == [
                    "requestedExecution": "windowed",
                    "supportedExecution": ["immediate", "scheduled"],
                ])
    }

    @Test func aCommandThatTheChargerLacksIsRefused() async throws {
        var view = Scene.view
        view.chargers[0].executions = [.init(command: .idle, executions: [.immediate])]
        let answer = try await APIHarness(view: view).post(
            Self.path, #"{"action":{"command":"charge"}}"#)
        #expect(try answer.code == "COMMAND_NOT_SUPPORTED")
        #expect(
            try answer.json()["error"]?["details"]?["supportedCommands"] == ["idle"])
    }

    // MARK: Who may

    @Test func aReadOnlyKeyMayNotPush() async throws {
        let harness = APIHarness()
        for path in [Self.path, Self.path + "/settings", "/actions/action_x/cancel"] {
            let answer = try await harness.post(path, "{}", key: Scene.readOnlyKey)
            #expect(answer.status == 403)
            #expect(try answer.code == "INSUFFICIENT_PERMISSIONS")
        }
        #expect(try await harness.get(Self.path, key: Scene.readOnlyKey).status == 200)
    }

    @Test func aDeviceThatTheKeyDoesNotSeeCannotBePushed() async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            "/ev-charger/device_ev_003", #"{"action":{"command":"idle"}}"#)
        #expect(try answer.code == "DEVICE_NOT_FOUND")
        #expect(harness.service.recorded { $0.pushed.isEmpty })
    }

    // MARK: Idempotency

    @Test func theIdempotencyKeyIsScopedByKeyMethodAndPathAndTiedToTheBody() async throws {
        let harness = APIHarness()
        let body = #"{"action":{"command":"idle"}}"#
        for header in [
            "a", String(repeating: "~", count: 255), "8e03978e-40d5-43e8-bc93-6894a57f9324",
        ] {
            let answer = try await harness.post(
                Self.path, body, headers: [("Idempotency-Key", header)])
            #expect(answer.status == 202)
            let key = harness.service.recorded { $0.pushed.last?.idempotency }
            #expect(key?.key == header)
            #expect(key?.scope == "key_s POST /ev-charger/device_ev_001")
            #expect(key?.bodyHash == KeyRing.hash(of: body))
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 256), "a b", "schlüssel", "a\tb"])
    func r37_anIdempotencyKeyOutOfItsRangeIsRefused(_ header: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            Self.path, #"{"action":{"command":"idle"}}"#, headers: [("Idempotency-Key", header)])
        #expect(answer.status == 400)
        #expect(try answer.field == "Idempotency-Key")
        #expect(harness.service.recorded { $0.pushed.isEmpty })
    }

    @Test func aRepeatedPushIsAnsweredAsTheFirst() async throws {
        // The agent returns the stored action, which has gone on since.
        let action = {
            var action = Action(
                id: "action_1", charger: Scene.first, command: .charge, at: Scene.sampleMorning)
            action.state = .completed
            action.updatedAt = Scene.now.wall
            return action
        }()
        #expect(action.acceptanceJSON["state"] == "acknowledged")
        #expect(action.acceptanceJSON["createdAt"]?.text == Scene.sampleMorning.timestamp)
    }

    // MARK: Media types and sizes

    @Test(arguments: [
        ("application/json", 202), ("application/json; charset=utf-8", 202),
        ("Application/JSON;charset=UTF-8", 202), ("application/json; charset=\"utf-8\"", 202),
        ("text/plain", 415), ("application/json; charset=latin1", 415), ("application/jsonp", 415),
        ("application/x-www-form-urlencoded", 415), ("text/json", 415), ("", 415), ("*/*", 415),
        ("application/json, text/plain", 415),
    ])
    func aBodyMustSayThatItIsJSON(_ type: String, _ status: Int) async throws {
        let answer = try await APIHarness().ask(
            "POST", Self.path, headers: [("Content-Type", type)],
            body: #"{"action":{"command":"idle"}}"#)
        #expect(answer.status == status)
    }

    @Test func aBodyWithoutATypeOrCompressedIsRefused() async throws {
        let harness = APIHarness()
        let body = #"{"action":{"command":"idle"}}"#
        #expect(try await harness.ask("POST", Self.path, body: body).status == 415)
        let compressed = try await harness.post(
            Self.path, body, headers: [("Content-Encoding", "gzip")])
        #expect(compressed.status == 415)
        #expect(try compressed.code == "UNSUPPORTED_MEDIA_TYPE")
    }

    @Test func aBodyMayHave64KiBAndNotAByteMore() async throws {
        let harness = APIHarness()
        let body = #"{"action":{"command":"idle"}}"#
        let padding = String(repeating: " ", count: 65_536 - body.utf8.count)
        #expect(try await harness.post(Self.path, body + padding).status == 202)
        let answer = try await harness.post(Self.path, body + padding + " ")
        #expect(answer.status == 413)
        #expect(try answer.code == "PAYLOAD_TOO_LARGE")
        #expect(answer.header("connection") == "close")
    }

    @Test func aBodyShorterThanItsLengthIsNotActedOn() async throws {
        let harness = APIHarness()
        await #expect(throws: BodyTruncated.self) {
            try await harness.respond(
                "POST", Self.path, key: Scene.sandboxKey,
                headers: [("Content-Type", "application/json"), ("Content-Length", "100")],
                body: Array(#"{"action":{"command":"charge"}}"#.utf8))
        }
        #expect(harness.service.recorded { $0.pushed.isEmpty })
    }

    /// Damaged bodies and headers: an answer of the contract, never a 5xx, and a 400 names its field.
    @Test func r37_noBodyMakesTheAgentFail() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let harness = APIHarness.unlimited()
        let good = [
            #"{"action":{"command":"charge","parameters":{},"start":null},"onConflict":null}"#,
            #"{"action":{"command":"idle"},"sandbox":{"outcome":"failed","delayMs":100}}"#,
            #"{"max_charge_rate":{"value":7.4,"unit":"kw"}}"#,
        ]
        for round in 0..<1500 {
            var bytes = Array(good[round % 3].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[..<place], at: place)
                }
            }
            let path = Self.path + (round % 3 == 2 ? "/settings" : "")
            let answer = try await harness.post(path, bytes: bytes)
            #expect([200, 202, 400, 422].contains(answer.status))
            if answer.status == 400 { #expect(try answer.field != nil) }
        }
    }

    @Test func aPushTakesNoQuery() async throws {
        let answer = try await APIHarness().post(
            Self.path + "?expedite=true", #"{"action":{"command":"idle"}}"#)
        #expect(answer.status == 400)
        #expect(try answer.field == "expedite")
    }

    @Test func r44_aStartTooManyIsNoted() async throws {
        let harness = APIHarness()
        harness.service.set { $0.refusal = .tooManyStarts(retryAfter: .seconds(60)) }
        let answer = try await harness.post(
            "/ev-charger/device_ev_001", #"{"action":{"command":"charge"}}"#)
        #expect(answer.status == 429)
        let reason = "more starts in an hour than the contactor may bear"
        #expect(
            harness.events.kinds == [.limitRefused(charger: Scene.first, reason: reason)])
    }
}
