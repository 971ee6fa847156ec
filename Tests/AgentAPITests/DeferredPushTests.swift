import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

/// Scheduled and windowed actions. It is 2 June 2026, 12:00:00 UTC, which is 14:00 in Berlin.
@Suite struct DeferredPushTests {
    private static let path = "/ev-charger/device_ev_001"

    private static func body(_ start: String, _ end: String? = nil, more: String = "") -> String {
        let end = end.map { #","end":"\#($0)""# } ?? ""
        return #"{"action":{"command":"charge","start":"\#(start)"\#(end)}\#(more)}"#
    }

    private func timings(_ harness: APIHarness) -> [ActionTiming?] {
        harness.service.recorded { $0.pushed.map(\.timing) }
    }

    // MARK: What is accepted

    @Test func aScheduledPushIsItsGolden202() async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, Self.body("2026-06-02T18:00:00"))
        #expect(answer.status == 202)
        try Golden("push-scheduled").expect(answer)
        #expect(
            harness.service.recorded { $0.pushed }
                == [
                    ActionRequest(
                        charger: Scene.first, command: .charge,
                        timing: ActionTiming(
                            start: Scene.now.wall.advanced(by: .seconds(4 * 3600))))
                ])
    }

    @Test func aWindowedPushIsItsGolden202() async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            Self.path, Self.body("2026-06-02T22:00:00", "2026-06-03T06:00:00"))
        #expect(answer.status == 202)
        try Golden("push-windowed").expect(answer)
        try Golden("action-windowed").expect(try await harness.get("/actions/action_fake1"))
    }

    @Test(arguments: ["charge", "idle"])
    func bothCommandsCanBeScheduled(_ command: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            Self.path, #"{"action":{"command":"\#(command)","start":"30m","end":null}}"#)
        #expect(answer.status == 202)
        #expect(
            timings(harness) == [
                ActionTiming(
                    start: Scene.now.wall.advanced(by: .seconds(1800)), isRelative: true)
            ])
        #expect(try answer.data()["state"] == "scheduled")
        #expect(try answer.data()["end"] == nil)
    }

    /// R22 from end to end: the gap of 29 March and the overlap of 25 October 2026.
    @Test(
        arguments: [
            (1_774_731_600, "2026-03-29T01:59:59", "2026-03-29T00:59:59.000Z"),
            (1_774_731_600, "2026-03-29T02:00:00", "2026-03-29T01:00:00.000Z"),
            (1_774_731_600, "2026-03-29T02:30:00", "2026-03-29T01:00:00.000Z"),
            (1_774_731_600, "2026-03-29T03:00:00", "2026-03-29T01:00:00.000Z"),
            (1_792_868_400, "2026-10-25T01:59:59", "2026-10-24T23:59:59.000Z"),
            (1_792_868_400, "2026-10-25T02:00:00", "2026-10-25T00:00:00.000Z"),
            (1_792_868_400, "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"),
            (1_792_868_400, "2026-10-25T03:00:00", "2026-10-25T02:00:00.000Z"),
        ] as [(Int64, String, String)])
    func r22_aLocalTimeIsOfTheZoneOfThePlant(
        _ now: Int64, _ start: String, _ instant: String
    ) async throws {
        let harness = APIHarness()
        harness.service.set { $0.now.wall = WallInstant(milliseconds: now * 1000) }
        let answer = try await harness.post(Self.path, Self.body(start))
        #expect(try answer.data()["start"]?.text == instant)
    }

    @Test(
        arguments: [
            ("2026-06-02T14:00:00", nil), ("2026-06-02T12:00:00Z", nil),
            ("2026-06-02T12:00:00.000Z", nil), ("0m", nil), ("2026-07-02T14:00:00", nil),
            ("720h", nil), ("720h", "2026-07-03T14:00:00"), ("0m", "2026-06-02T14:00:01"),
            ("2026-06-02T14:00:00", "2026-06-02T12:00:00.001Z"),
            ("2026-06-02T14:00:00", "2026-07-03T12:00:00Z"),
        ] as [(String, String?)])
    func theEdgesOfWhatIsTaken(_ start: String, _ end: String?) async throws {
        let answer = try await APIHarness().post(Self.path, Self.body(start, end))
        #expect(answer.status == 202)
    }

    // MARK: What is refused

    @Test(
        arguments: [
            ("2026-06-02T13:59:59", nil, "START_IN_PAST", nil),
            ("2026-06-02T11:59:59.999Z", nil, "START_IN_PAST", nil),
            ("2026-06-02T12:00:00+02:00", nil, "START_IN_PAST", nil),
            ("1970-01-01T00:00:00", nil, "START_IN_PAST", nil),
            ("1970-01-01T00:00:00", "2026-06-03T00:00:00", "START_IN_PAST", nil),
            ("2026-07-02T14:00:01", nil, "START_OUT_OF_RANGE", nil),
            ("2026-07-02T12:00:00.001Z", nil, "START_OUT_OF_RANGE", nil),
            ("9999-12-31T23:59:59", nil, "START_OUT_OF_RANGE", nil),
            ("9999-12-31T23:59:59-23:59", nil, "START_OUT_OF_RANGE", nil),
            ("720.0001h", nil, "START_OUT_OF_RANGE", nil),
            ("43201m", nil, "START_OUT_OF_RANGE", nil),
            ("99999999999999999999h", nil, "START_OUT_OF_RANGE", nil),
            ("", nil, "INVALID_TIME_WINDOW", "unparseable_time"),
            ("soon", nil, "INVALID_TIME_WINDOW", "unparseable_time"),
            ("90s", nil, "INVALID_TIME_WINDOW", "unparseable_time"),
            ("30m", "", "INVALID_TIME_WINDOW", "unparseable_time"),
            ("30m", "2h", "INVALID_TIME_WINDOW", "unparseable_time"),
            ("30m", "late", "INVALID_TIME_WINDOW", "unparseable_time"),
            (
                "2026-06-02T18:00:00", "2026-06-02T18:00:00", "INVALID_TIME_WINDOW",
                "end_not_after_start"
            ),
            (
                "2026-06-02T18:00:00", "2026-06-02T17:59:59", "INVALID_TIME_WINDOW",
                "end_not_after_start"
            ),
            (
                "2026-06-02T18:00:00", "2026-06-02T16:00:00Z", "INVALID_TIME_WINDOW",
                "end_not_after_start"
            ),
            ("30m", "2026-06-02T14:30:00", "INVALID_TIME_WINDOW", "end_not_after_start"),
            ("30m", "2026-07-03T14:00:01", "INVALID_TIME_WINDOW", "end_out_of_range"),
            ("30m", "9999-12-31T23:59:59", "INVALID_TIME_WINDOW", "end_out_of_range"),
        ] as [(String, String?, String, String?)])
    func aTimeThatCannotBeKeptIs422(
        _ start: String, _ end: String?, _ code: String, _ reason: String?
    ) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, Self.body(start, end))
        #expect(answer.status == 422)
        #expect(try answer.code == code)
        #expect(try answer.reason == reason)
        #expect(harness.service.recorded { $0.pushed.isEmpty })
    }

    @Test(
        arguments: [
            ("unparseable_time", "30", nil), ("end_not_after_start", "1h", "2026-06-02T15:00:00"),
            ("end_out_of_range", "1h", "2026-08-02T15:00:00"),
        ] as [(String, String, String?)])
    func everyReasonIsItsGoldenError(
        _ reason: String, _ start: String, _ end: String?
    ) async throws {
        let answer = try await APIHarness().post(Self.path, Self.body(start, end))
        try Golden("error-INVALID_TIME_WINDOW-\(reason)").expect(answer)
    }

    @Test func anEndThatCannotBeReadIsNamed() async throws {
        let answer = try await APIHarness().post(Self.path, Self.body("30m", "2h"))
        #expect(try answer.field == "action.end")
    }

    @Test func aShapeThatTheChargerLacksComesBeforeItsTimes() async throws {
        var view = Scene.view
        view.chargers[0].executions = [.init(command: .charge, executions: [.immediate])]
        let answer = try await APIHarness(view: view).post(Self.path, Self.body("soon"))
        #expect(try answer.code == "EXECUTION_NOT_SUPPORTED")
        #expect(
            try answer.details
                == ["requestedExecution": "scheduled", "supportedExecution": ["immediate"]])
    }

    // MARK: Without a trusted wall clock

    /// The clock may be years off: what it says of a start means nothing.
    @Test(
        arguments: [
            ("30m", nil, true), ("2026-06-02T18:00:00", nil, false),
            ("2020-01-01T00:00:00", nil, false),
            ("2040-01-01T00:00:00Z", nil, false),
            ("2040-01-01T00:00:00Z", "2041-01-01T00:00:00Z", false),
            ("30m", "2041-01-01T00:00:00Z", true),
        ] as [(String, String?, Bool)])
    func r21_withoutATrustedClockNoStartIsPastOrFar(
        _ start: String, _ end: String?, _ isRelative: Bool
    ) async throws {
        let harness = APIHarness()
        harness.service.set { $0.now.isWallTrusted = false }
        let answer = try await harness.post(Self.path, Self.body(start, end))
        #expect(answer.status == 202)
        #expect(timings(harness).map { $0?.isRelative } == [isRelative])
    }

    @Test(
        arguments: [
            ("721h", nil, "START_OUT_OF_RANGE"), ("soon", nil, "INVALID_TIME_WINDOW"),
            ("2026-06-02T18:00:00", "2026-06-02T18:00:00", "INVALID_TIME_WINDOW"),
            ("30m", "2020-01-01T00:00:00Z", "INVALID_TIME_WINDOW"),
        ] as [(String, String?, String)])
    func r21_whatNeedsNoClockIsJudgedWithoutOne(
        _ start: String, _ end: String?, _ code: String
    ) async throws {
        let harness = APIHarness()
        harness.service.set { $0.now.isWallTrusted = false }
        let answer = try await harness.post(Self.path, Self.body(start, end))
        #expect(try answer.code == code)
    }

    // MARK: Conflicts

    @Test func aScheduledActionIsInTheWayOfTheNext() async throws {
        let harness = APIHarness()
        _ = try await harness.post(Self.path, Self.body("1h"))
        let answer = try await harness.post(Self.path, Self.body("2h"))
        #expect(answer.status == 409)
        try Golden("error-CONFLICT-scheduled").expect(answer)

        let replacing = try await harness.post(
            Self.path, Self.body("2h", more: #","onConflict":"cancel_and_replace""#))
        #expect(replacing.status == 202)
        let first = try await harness.get("/actions/action_fake1")
        #expect(try first.data()["state"] == "cancelled")
        let list = try await harness.get("/actions?state=scheduled")
        #expect(try list.data()["items"]?.elements.map { $0["id"] } == [try replacing.data()["id"]])
    }

    @Test func queueAfterIsRefusedWithWhatThereIs() async throws {
        let answer = try await APIHarness().post(
            Self.path, Self.body("1h", more: #","onConflict":"queue_after""#))
        #expect(answer.status == 422)
        #expect(try answer.code == "CONFLICT_STRATEGY_NOT_SUPPORTED")
        #expect(try answer.details == ["strategies": ["cancel_and_replace"]])
    }

    @Test func aScheduledPushIsCancelled() async throws {
        let harness = APIHarness()
        _ = try await harness.post(Self.path, Self.body("1h"))
        let answer = try await harness.post("/actions/action_fake1/cancel", "{}")
        #expect(try answer.data()["state"] == "cancelled")
        #expect(try await harness.post(Self.path, Self.body("1h")).status == 202)
    }

    // MARK: Idempotency

    /// R20: an answer that was lost on its way is asked for again, by then too late for a new push.
    @Test func r20_aRepeatedPushIsAnsweredAlikeAfterItsStart() async throws {
        let harness = APIHarness()
        let body = Self.body("2026-06-02T14:00:01")
        let key = [("Idempotency-Key", "k1")]
        let first = try await harness.post(Self.path, body, headers: key)
        harness.service.set { $0.now = Scene.now.advanced(by: .seconds(60)) }
        let second = try await harness.post(Self.path, body, headers: key)
        #expect(second.status == 202)
        #expect(try second.data() == first.data())
        #expect(harness.service.recorded { $0.actions.count } == 1)

        let other = try await harness.post(
            Self.path, Self.body("2026-06-02T14:00:02"), headers: key)
        #expect(try other.code == "IDEMPOTENCY_KEY_REUSED")
        let late = try await harness.post(
            Self.path, body, headers: [("Idempotency-Key", "k2")])
        #expect(try late.code == "START_IN_PAST")
        #expect(try await harness.post(Self.path, body).code == "START_IN_PAST")
    }

    @Test func r20_aRepeatedDelayMeansTheFirstMoment() async throws {
        let harness = APIHarness()
        let key = [("Idempotency-Key", "k1")]
        let first = try await harness.post(Self.path, Self.body("30m"), headers: key)
        harness.service.set { $0.now = Scene.now.advanced(by: .seconds(60)) }
        let second = try await harness.post(Self.path, Self.body("30m"), headers: key)
        #expect(try second.data() == first.data())
    }

    // MARK: Bad texts (requirement R37)

    /// Damaged times: accepted or 422, or 400 where the JSON breaks; never anything else.
    @Test func r37_noTimeMakesTheAgentFail() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let harness = APIHarness.unlimited()
        let good = [
            "30m", "1.5h", "2026-06-02T18:00:00", "2026-06-02T18:00:00Z",
            "2026-06-02T18:00:00.250+02:00",
        ]
        for _ in 0..<1500 {
            var bytes = Array((good.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = .random(in: 0x20...0x7E, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[..<place], at: place)
                }
            }
            let text = String(decoding: bytes.prefix(64), as: UTF8.self)
            let answer = try await harness.post(
                Self.path, Self.body(text, more: #","onConflict":"cancel_and_replace""#))
            #expect([202, 400, 422].contains(answer.status), "\(text)")
        }
    }
}
