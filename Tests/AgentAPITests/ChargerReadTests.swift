import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

@Suite struct ChargerReadTests {
    private func ids(_ answer: Answer) throws -> [String] {
        try #require(try answer.data()["items"]).elements.compactMap { $0["id"]?.text }
    }

    @Test func oneDeviceIsTheGoldenDeviceWithSettings() async throws {
        let answer = try await APIHarness().get("/ev-charger/device_ev_001")
        #expect(answer.status == 200)
        try Golden("device").expect(answer)
    }

    @Test func aDeviceThatNeverAnsweredIsNullNotZero() async throws {
        let answer = try await APIHarness().get("/ev-charger/device_ev_003", key: Scene.liveKey)
        try Golden("device-never-read").expect(answer)
    }

    /// R26: stale is shown as stale, by its age when it is asked for, not when it was published.
    @Test func r26_aSilentWallboxFallsBackAndKeepsItsLastValues() async throws {
        let harness = APIHarness()
        harness.service.set { $0.now = Scene.now.advanced(by: .milliseconds(9500)) }
        let cached = try await harness.get("/ev-charger/device_ev_001").data()
        #expect(cached["metadata"]?["source"] == "cache")
        #expect(cached["sync"]?["available"] == true)
        #expect(cached["state"]?["status"] == "charging")

        harness.service.set { $0.now = Scene.now.advanced(by: .milliseconds(9501)) }
        let stale = try await harness.get("/ev-charger/device_ev_001").data()
        #expect(stale["metadata"]?["source"] == "fallback")
        #expect(stale["sync"]?["available"] == false)
        #expect(stale["sync"]?["lastPulledAt"] == "2026-05-07T09:23:45.000Z")
        #expect(stale["state"]?["status"] == "unavailable")
        #expect(stale["state"]?["isConnected"] == true)
        #expect(stale["state"]?["currentPower"] == 7)
    }

    @Test(arguments: [
        (PilotState.a, JSON.bool(false)), (.b1, true), (.b2, true), (.c1, true), (.c2, true),
        (.d1, true), (.d2, true), (.e, .null), (.f, .null),
    ])
    func connectedIsWhatThePilotSays(_ pilot: PilotState, _ expected: JSON) async throws {
        var view = Scene.view
        view.chargers[0].snapshot.pilot = .captured(pilot, at: Scene.now)
        let data = try await APIHarness(view: view).get("/ev-charger/device_ev_001").data()
        #expect(data["state"]?["isConnected"] == expected)
    }

    @Test(arguments: ChargerStatus.allCases) func everyStatusHasItsWord(_ status: ChargerStatus)
        async throws
    {
        var view = Scene.view
        view.chargers[0].status = status
        let data = try await APIHarness(view: view).get("/ev-charger/device_ev_001").data()
        #expect(data["state"]?["status"]?.text == status.rawValue)
    }

    @Test func commandsSayWhatThisVersionCarriesOut() async throws {
        var view = Scene.view
        view.chargers[0].executions = CommandExecutions.supported
        let data = try await APIHarness(view: view).get("/ev-charger/device_ev_001").data()
        #expect(
            data["commands"]?["charge"]?["execution"] == ["immediate", "scheduled", "windowed"])
        #expect(data["commands"]?["idle"]?["execution"] == ["immediate", "scheduled"])
    }

    @Test func aWrittenSettingReadsBackExactly() async throws {
        var view = Scene.view
        view.chargers[0].maxChargeRate = Watts(7777)
        let data = try await APIHarness(view: view).get("/ev-charger/device_ev_001").data()
        let value = JSON.number(JSONNumber(significand: 7777, exponent: -3))
        #expect(data["settings"]?["max_charge_rate"]?["value"] == value)
    }

    // MARK: Schedules

    @Test(arguments: [
        (
            "window",
            CurrentSchedule(
                id: "action_7", kind: .window, state: .active, command: .charge,
                start: Scene.now.wall.advanced(by: .seconds(-600)),
                end: Scene.now.wall.advanced(by: .seconds(3600)), nextFireAt: nil)
        ),
        (
            "schedule",
            CurrentSchedule(
                id: "sched_7", kind: .schedule, state: .pending, command: .charge,
                start: Scene.now.wall.advanced(by: .seconds(3600)),
                end: Scene.now.wall.advanced(by: .seconds(7200)),
                nextFireAt: Scene.now.wall.advanced(by: .seconds(3600)))
        ),
        (
            "unknown-time",
            CurrentSchedule(
                id: "sched_7", kind: .schedule, state: .pending, command: .charge, start: nil,
                end: nil, nextFireAt: nil)
        ),
    ])
    func theCurrentScheduleIsShown(_ name: String, _ current: CurrentSchedule) async throws {
        var view = Scene.view
        view.chargers[0].currentSchedule = current
        let harness = APIHarness(view: view)
        try Golden("device-\(name)").expect(try await harness.get("/ev-charger/device_ev_001"))
        let list = try await harness.get("/ev-charger").data()
        #expect(list["items"]?.elements.first?["currentSchedule"]?["id"]?.text == current.id)
    }

    // MARK: Environments and users

    @Test func sandboxKeysSeeSimulatedChargersAndLiveKeysTheOthers() async throws {
        let harness = APIHarness()
        #expect(
            try ids(try await harness.get("/ev-charger")) == ["device_ev_001", "device_ev_002"])
        let live = try await harness.get("/ev-charger", key: Scene.liveKey)
        #expect(try ids(live) == ["device_ev_003"])
        #expect(try live.json()["meta"]?["environment"] == "live")
    }

    @Test(arguments: [
        ("/ev-charger/device_ev_003", Scene.sandboxKey),
        ("/ev-charger/device_ev_001", Scene.liveKey),
        ("/ev-charger/device_ev_003", Scene.otherUserKey), ("/ev-charger/nothing", Scene.liveKey),
        ("/ev-charger/DEVICE_EV_001", Scene.sandboxKey),
    ])
    func aDeviceOfAnotherEnvironmentOrUserIsNotThere(_ path: String, _ key: String) async throws {
        let harness = APIHarness()
        for path in [path, path + "/decision", path + "/events"] {
            let answer = try await harness.get(path, key: key)
            #expect(answer.status == 404)
            #expect(try answer.code == "DEVICE_NOT_FOUND")
        }
    }

    @Test func aBoundKeySeesItsUsersChargersOnly() async throws {
        let harness = APIHarness()
        #expect(
            try ids(try await harness.get("/ev-charger", key: Scene.userKey)) == ["device_ev_003"])
        #expect(try ids(try await harness.get("/ev-charger", key: Scene.otherUserKey)) == [])
        #expect(
            try await harness.get("/ev-charger/device_ev_003", key: Scene.userKey).status == 200)
    }

    @Test(arguments: [
        (Scene.liveKey, "user_7", 1), (Scene.liveKey, "user_8", 0), (Scene.userKey, "user_7", 1),
        (Scene.userKey, "user_8", 0), (Scene.otherUserKey, "user_7", 0),
        (Scene.liveKey, "user%5F7", 1), (Scene.sandboxKey, "user_7", 0),
    ])
    func theListCanBeOfOneUser(_ key: String, _ user: String, _ count: Int) async throws {
        let answer = try await APIHarness().get("/ev-charger?userId=\(user)", key: key)
        #expect(answer.status == 200)
        #expect(try answer.data()["pagination"]?["total"] == .integer(count))
        #expect(try ids(answer).count == count)
    }

    // MARK: Pages

    @Test(arguments: [
        ("", 0, 10, 10, true), ("?limit=50", 0, 50, 25, false), ("?limit=1", 0, 1, 1, true),
        ("?offset=20", 20, 10, 5, false), ("?offset=15", 15, 10, 10, false),
        ("?offset=25", 25, 10, 0, false), ("?offset=2147483647", 2_147_483_647, 10, 0, false),
        ("?limit=5&offset=5", 5, 5, 5, true),
    ])
    func pagesAreCut(
        _ query: String, _ offset: Int, _ limit: Int, _ count: Int, _ hasMore: Bool
    ) async throws {
        var view = Scene.view
        view.chargers = (0..<25).map { index in
            var charger = Scene.charging
            charger.description.id = ChargerID("device_\(index)")
            return charger
        }
        let answer = try await APIHarness(view: view).get("/ev-charger\(query)")
        #expect(
            try answer.data()["pagination"]
                == [
                    "limit": .integer(limit), "offset": .integer(offset), "total": 25,
                    "hasMore": .bool(hasMore),
                ])
        #expect(try ids(answer) == (0..<25).dropFirst(offset).prefix(limit).map { "device_\($0)" })
        #expect(try ids(answer).count == count)
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=51", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"),
        ("limit=1.0", "limit"), ("limit=", "limit"), ("limit=%31%30x", "limit"),
        ("limit=99999999999999999999", "limit"), ("offset=-1", "offset"), ("offset=+1", "offset"),
        ("offset=2147483648", "offset"), ("offset=1e1", "offset"), ("offset=0x1", "offset"),
        ("limit=1&limit=2", "limit"), ("foo=1", "foo"), ("userId=", "userId"),
        ("expedite=true", "expedite"),
        ("userId=%FF", "query"), ("userId=%0A", "query"), ("userId=%2", "query"), ("=1", "query"),
        ("&", "query"), ("limit=10&", "query"),
        ("userId=" + String(repeating: "u", count: 129), "userId"),
    ])
    func r37_aBadQueryIsNamed(_ query: String, _ field: String) async throws {
        let answer = try await APIHarness().get("/ev-charger?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.code == "INVALID_REQUEST")
        #expect(try answer.field == field)
    }

    // MARK: Expedite

    @Test func expediteShowsWhatTheRefreshFoundAndWaitsASecondAtMost() async throws {
        let harness = APIHarness()
        harness.service.set { state in
            var view = Scene.view
            view.chargers[0].power = Watts(3450)
            state.viewAfterRefresh = view
        }
        let plain = try await harness.get("/ev-charger/device_ev_001?expedite=false").data()
        #expect(plain["state"]?["currentPower"] == 7)
        #expect(harness.service.recorded { $0.refreshed.isEmpty })

        let fresh = try await harness.get("/ev-charger/device_ev_001?expedite=true").data()
        #expect(
            fresh["state"]?["currentPower"]
                == .number(JSONNumber(significand: 345, exponent: -2)))
        #expect(harness.service.recorded { $0.refreshed.map(\.charger) } == [Scene.first])
        #expect(harness.service.recorded { $0.refreshed.map(\.bound) } == [.seconds(1)])
    }

    @Test(arguments: ["True", "1", "yes", "", "true%20"])
    func expediteIsTrueOrFalse(_ value: String) async throws {
        let answer = try await APIHarness().get("/ev-charger/device_ev_001?expedite=\(value)")
        #expect(answer.status == 400)
        #expect(try answer.field == "expedite")
    }
}
