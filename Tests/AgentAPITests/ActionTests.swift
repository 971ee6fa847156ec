import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

@Suite struct ActionTests {
    private static func action(
        _ id: String, of charger: ChargerID, _ state: ActionState
    ) -> Action {
        var action = Action(id: id, charger: charger, command: .charge, at: Scene.sampleMorning)
        action.state = state
        action.updatedAt = Scene.sampleMorning.advanced(by: .seconds(2))
        if state.isTerminal { action.completedAt = action.updatedAt }
        return action
    }

    private static var harness: APIHarness {
        let harness = APIHarness.unlimited()
        harness.service.set { state in
            var held = action("action_3", of: Scene.first, .completed)
            held.message = "held at 0 A by max_charge_rate"
            var coming = action("action_5", of: Scene.second, .scheduled)
            coming.acknowledgedAt = nil
            coming.start = Scene.now.wall
            state.actions = [
                coming,
                action("action_4", of: Scene.first, .acknowledged),
                held,
                action(
                    "action_2", of: Scene.second,
                    .failed(.init(code: .deviceOffline, message: "no answer within 5 s"))),
                action("action_1", of: Scene.real, .cancelled),
            ]
        }
        return harness
    }

    private func ids(_ answer: Answer) throws -> [String] {
        try #require(try answer.data()["items"]).elements.compactMap { $0["id"]?.text }
    }

    @Test(
        arguments: [
            "acknowledged": "action_4", "completed": "action_3", "failed": "action_2",
            "scheduled": "action_5",
        ].sorted { $0.key < $1.key })
    func anActionIsTheGoldenAction(_ state: String, _ id: String) async throws {
        let answer = try await Self.harness.get("/actions/\(id)")
        #expect(answer.status == 200)
        try Golden("action-\(state)").expect(answer)
    }

    @Test(arguments: [
        ("", ["action_5", "action_4", "action_3", "action_2"]),
        ("?limit=2", ["action_5", "action_4"]), ("?limit=2&offset=2", ["action_3", "action_2"]),
        ("?deviceId=device_ev_001", ["action_4", "action_3"]), ("?deviceId=device_ev_003", []),
        ("?deviceId=nothing", []), ("?state=failed", ["action_2"]), ("?state=cancelled", []),
        ("?deviceType=ev_charger&state=completed", ["action_3"]), ("?deviceType=battery", []),
        ("?userId=user_7", []),
    ])
    func theListIsFiltered(_ query: String, _ expected: [String]) async throws {
        let answer = try await Self.harness.get("/actions\(query)")
        #expect(answer.status == 200)
        #expect(try ids(answer) == expected)
    }

    @Test func theListIsOfWhatTheKeySees() async throws {
        #expect(
            try ids(try await Self.harness.get("/actions", key: Scene.liveKey)) == ["action_1"])
        #expect(try ids(try await Self.harness.get("/actions", key: Scene.otherUserKey)) == [])
        let ofUser = try await Self.harness.get("/actions?userId=user_7", key: Scene.userKey)
        #expect(try ids(ofUser) == ["action_1"])
        #expect(try ofUser.data()["pagination"]?["total"] == 1)
    }

    @Test(arguments: [
        ("state=done", "state"), ("state=", "state"), ("deviceType=EV-Charger", "deviceType"),
        ("limit=51", "limit"), ("deviceid=x", "deviceid"),
        ("deviceType=" + String(repeating: "a", count: 65), "deviceType"),
    ])
    func r37_aBadFilterIsNamed(_ query: String, _ field: String) async throws {
        let answer = try await Self.harness.get("/actions?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.field == field)
    }

    @Test(arguments: ["action_1", "action_9", "x", String(repeating: "a", count: 128)])
    func anActionThatTheKeyDoesNotSeeIsNotThere(_ id: String) async throws {
        for answer in [
            try await Self.harness.get("/actions/\(id)"),
            try await Self.harness.ask("POST", "/actions/\(id)/cancel"),
        ] {
            #expect(answer.status == 404)
            #expect(try answer.code == "ACTION_NOT_FOUND")
        }
    }

    @Test func aScheduledActionIsCancelledOnce() async throws {
        let harness = Self.harness
        let answer = try await harness.ask("POST", "/actions/action_5/cancel")
        #expect(answer.status == 200)
        try Golden("action-cancelled").expect(answer)
        #expect(harness.service.recorded { $0.cancelled } == [Action.ID("action_5")])

        let again = try await harness.post("/actions/action_5/cancel", "{}")
        #expect(again.status == 409)
        #expect(try again.code == "ACTION_NOT_CANCELLABLE")
        #expect(try again.details == ["state": "cancelled"])
        let shown = try await harness.get("/actions/action_5")
        #expect(try shown.data() == answer.data())
    }

    @Test(arguments: [
        ("action_4", "acknowledged"), ("action_3", "completed"), ("action_2", "failed"),
    ])
    func onlyAScheduledActionCanBeCancelled(_ id: String, _ state: String) async throws {
        let harness = Self.harness
        let answer = try await harness.ask("POST", "/actions/\(id)/cancel")
        #expect(answer.status == 409)
        #expect(try answer.code == "ACTION_NOT_CANCELLABLE")
        #expect(try answer.details == ["state": .string(state)])
        #expect(harness.service.recorded { $0.cancelled.isEmpty })
    }

    @Test(arguments: ActionErrorCode.allCases)
    func everyFailureHasItsCode(_ code: ActionErrorCode) async throws {
        let harness = Self.harness
        harness.service.set { state in
            var failed = Self.action(
                "action_6", of: Scene.first, .failed(.init(code: code, message: "why")))
            failed.start = Scene.sampleMorning
            failed.end = Scene.sampleMorning.advanced(by: .seconds(60))
            state.actions = [failed]
        }
        let action = try await harness.get("/actions/action_6")
        #expect(try action.data()["errorCode"]?.text == code.rawValue)
        #expect(try action.data()["result"] == ["success": false, "error": "why"])
        if code == .windowMissed { try Golden("action-window-missed").expect(action) }
    }

    @Test func r37_aCancelTakesNoFields() async throws {
        let harness = Self.harness
        let unknown = try await harness.post("/actions/action_5/cancel", #"{"force":true}"#)
        #expect(unknown.status == 400)
        #expect(try unknown.field == "force")
        let untyped = try await harness.ask("POST", "/actions/action_5/cancel", body: "{}")
        #expect(untyped.status == 415)
        #expect(harness.service.recorded { $0.cancelled.isEmpty })
    }
}
