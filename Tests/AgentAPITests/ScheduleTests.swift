import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

/// Recurring schedules. It is Tuesday, 2 June 2026, 12:00:00 UTC.
@Suite struct ScheduleTests {
    private static let path = ScheduleText.path
    private static let nights = ScheduleText.nights

    // MARK: What is kept

    @Test func aDailyScheduleIsItsGoldenAnswer() async throws {
        let harness = APIHarness()
        let answer = try await harness.put(Self.path, Self.nights)
        #expect(answer.status == 200)
        try Golden("schedule-daily").expect(answer)
        #expect(
            harness.service.recorded { $0.schedules }
                == [
                    ScheduleRequest(
                        charger: Scene.first, timezone: "Europe/Berlin", recurrence: .daily,
                        slots: [
                            ScheduleSlot(startMinute: 30, durationMinutes: 300, command: .charge)
                        ])
                ])
        let shown = try await harness.get(Self.path)
        #expect(try shown.data() == answer.data())
        let device = try await harness.get("/ev-charger/device_ev_001")
        #expect(try device.data()["currentSchedule"]?["kind"] == "schedule")
    }

    @Test func aWeeklyScheduleWithAnOpenSlotIsItsGoldenAnswer() async throws {
        let harness = APIHarness()
        let answer = try await harness.put(
            Self.path,
            ScheduleText.body(
                recurrence: #"{"rule":"weekly","days":["friday","tuesday"]}"#,
                slots: """
                    [{"time":"22:15","duration":"PT90M","command":"charge"},
                     {"time":"11:00","duration":"PT1H1M","command":"charge"}]
                    """))
        #expect(answer.status == 200)
        try Golden("schedule-weekly").expect(answer)
        // As they came, so that a refusal can name them.
        #expect(
            harness.service.recorded { $0.schedules.first?.slots.map(\.startMinute) }
                == [1335, 660])
        #expect(
            harness.service.recorded { $0.schedules.first?.recurrence }
                == .weekly([.friday, .tuesday]))
    }

    @Test func aScheduleGoesInThePlaceOfTheOneBefore() async throws {
        let harness = APIHarness()
        _ = try await harness.put(Self.path, Self.nights)
        _ = try await harness.put(Self.path, ScheduleText.body())
        let shown = try await harness.get(Self.path)
        #expect(try shown.data()["id"] == "sched_fake2")
        #expect(try shown.data()["timezone"] == "UTC")
    }

    @Test func behindAWindowTheScheduleGoesOn() async throws {
        let harness = APIHarness()
        let answer = try await harness.put(Self.path, Self.nights)
        harness.service.set { state in
            state.view.chargers[0].currentSchedule = CurrentSchedule(
                id: "action_1", kind: .window, state: .active, command: .charge,
                start: Scene.now.wall, end: Scene.now.wall.advanced(by: .seconds(60)),
                nextFireAt: nil)
        }
        let shown = try await harness.get(Self.path)
        #expect(try shown.data() == answer.data())
    }

    /// The slot of the night: 00:30 to 05:30 in Berlin, which is 22:30 to 03:30 in UTC.
    @Test(arguments: [
        (37_799, "pending", "2026-06-02T22:30:00.000Z"),
        (37_800, "active", "2026-06-03T22:30:00.000Z"),
        (55_799, "active", "2026-06-03T22:30:00.000Z"),
        (55_800, "pending", "2026-06-03T22:30:00.000Z"),
    ])
    func aScheduleIsActiveWhileASlotIsOpen(
        _ seconds: Int, _ state: String, _ next: String
    ) async throws {
        let harness = APIHarness()
        _ = try await harness.put(Self.path, Self.nights)
        harness.service.set { $0.now = Scene.now.advanced(by: .seconds(seconds)) }
        let shown = try await harness.get(Self.path)
        #expect(try shown.data()["state"]?.text == state)
        #expect(try shown.data()["nextFireAt"]?.text == next)
    }

    @Test func r21_withoutATrustedClockNobodyKnowsTheNextSlot() async throws {
        let harness = APIHarness()
        harness.service.set { $0.now.isWallTrusted = false }
        for answer in [
            try await harness.put(Self.path, Self.nights), try await harness.get(Self.path),
        ] {
            #expect(answer.status == 200)
            #expect(try answer.data()["state"] == "pending")
            #expect(try answer.data()["nextFireAt"] == .null)
        }
    }

    @Test(arguments: [
        ("PT1M", 1, "PT1M"), ("PT59M", 59, "PT59M"), ("PT60M", 60, "PT1H"), ("PT1H", 60, "PT1H"),
        ("PT90M", 90, "PT1H30M"), ("PT1H30M", 90, "PT1H30M"), ("PT1H90M", 150, "PT2H30M"),
        ("PT0H5M", 5, "PT5M"), ("PT05H00M", 300, "PT5H"), ("PT24H", 1440, "PT24H"),
        ("PT1440M", 1440, "PT24H"), ("PT23H60M", 1440, "PT24H"),
    ])
    func durationsAreAnsweredInTheirShortestForm(
        _ text: String, _ minutes: Int, _ shortest: String
    ) async throws {
        let harness = APIHarness()
        let answer = try await harness.put(Self.path, ScheduleText.slot(duration: #""\#(text)""#))
        #expect(answer.status == 200)
        #expect(
            harness.service.recorded { $0.schedules.first?.slots.first?.durationMinutes }
                == minutes)
        #expect(
            try answer.data()["slots"]?.elements.first?["duration"]?.text == shortest)
    }

    @Test(arguments: ["00:00", "09:05", "23:59"])
    func timesAreAnsweredAsTheyCame(_ time: String) async throws {
        let answer = try await APIHarness().put(Self.path, ScheduleText.slot(time: #""\#(time)""#))
        #expect(try answer.data()["slots"]?.elements.first?["time"]?.text == time)
    }

    // MARK: Removing

    @Test func aRemovedScheduleIsNamedOnceAndGone() async throws {
        let harness = APIHarness()
        _ = try await harness.put(Self.path, Self.nights)
        let removed = try await harness.delete(Self.path)
        #expect(removed.status == 200)
        try Golden("schedule-removed").expect(removed)
        for answer in [try await harness.delete(Self.path), try await harness.get(Self.path)] {
            #expect(answer.status == 404)
            #expect(try answer.code == "SCHEDULE_NOT_FOUND")
        }
        let device = try await harness.get("/ev-charger/device_ev_001")
        #expect(try device.data()["currentSchedule"] == .null)
    }

    @Test func r37_aRemovalTakesNoBodyAndNoQuery() async throws {
        let harness = APIHarness()
        _ = try await harness.put(Self.path, Self.nights)
        let withBody = try await harness.ask("DELETE", Self.path, body: "{}")
        #expect(withBody.status == 400)
        #expect(try withBody.field == "body")
        for method in ["GET", "DELETE"] {
            let withQuery = try await harness.ask(method, Self.path + "?force=true")
            #expect(try withQuery.field == "force")
        }
        #expect(try await harness.get(Self.path).status == 200)
    }

    // MARK: Idempotency

    @Test func r20_repeatedWritesAreAnsweredAsTheFirst() async throws {
        let harness = APIHarness()
        let key = [("Idempotency-Key", "k1")]
        let first = try await harness.put(Self.path, Self.nights, headers: key)
        let second = try await harness.put(Self.path, Self.nights, headers: key)
        #expect(try first.data() == second.data())
        let other = try await harness.put(Self.path, ScheduleText.body(), headers: key)
        #expect(try other.code == "IDEMPOTENCY_KEY_REUSED")
        #expect(
            harness.service.recorded { $0.schedules.first?.idempotency }
                == IdempotencyKey(
                    scope: "key_s PUT \(Self.path)", key: "k1",
                    bodyHash: KeyRing.hash(of: Self.nights)))

        let removed = try await harness.delete(Self.path, headers: key)
        let again = try await harness.delete(Self.path, headers: key)
        #expect(removed.status == 200)
        #expect(try removed.data() == again.data())
        #expect(try await harness.delete(Self.path).status == 404)
    }

    @Test func r37_aBadIdempotencyKeyIsRefused() async throws {
        let harness = APIHarness()
        let key = [("Idempotency-Key", "a b")]
        for answer in [
            try await harness.put(Self.path, Self.nights, headers: key),
            try await harness.delete(Self.path, headers: key),
        ] {
            #expect(answer.status == 400)
            #expect(try answer.field == "Idempotency-Key")
        }
        #expect(harness.service.recorded { $0.schedules.isEmpty })
    }

    // MARK: Who may

    @Test func schedulesAreOfVisibleChargersOnly() async throws {
        let harness = APIHarness()
        let path = "/ev-charger/device_ev_003/schedule"
        for answer in [
            try await harness.get(path), try await harness.put(path, Self.nights),
            try await harness.delete(path),
        ] {
            #expect(answer.status == 404)
            #expect(try answer.code == "DEVICE_NOT_FOUND")
        }
    }

    @Test func aReadOnlyKeyMayOnlyLook() async throws {
        let harness = APIHarness()
        _ = try await harness.put(Self.path, Self.nights)
        for answer in [
            try await harness.put(Self.path, Self.nights, key: Scene.readOnlyKey),
            try await harness.delete(Self.path, key: Scene.readOnlyKey),
        ] {
            #expect(answer.status == 403)
            #expect(try answer.code == "INSUFFICIENT_PERMISSIONS")
        }
        #expect(try await harness.get(Self.path, key: Scene.readOnlyKey).status == 200)
    }

    @Test(arguments: [
        (RequestRefusal.busy(retryAfter: .seconds(1)), 503), (.storeFull, 507),
        (.storeUnavailable(retryAfter: .seconds(5)), 503),
    ])
    func refusalsOfTheStoreReachTheClient(_ refusal: RequestRefusal, _ status: Int) async throws {
        let harness = APIHarness()
        harness.service.set { $0.refusal = refusal }
        #expect(try await harness.put(Self.path, Self.nights).status == status)
        #expect(try await harness.delete(Self.path).status == status)
    }
}
