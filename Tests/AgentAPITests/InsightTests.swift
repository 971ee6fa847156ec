import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

@Suite struct InsightTests {
    @Test func theDecisionIsTheGoldenDecision() async throws {
        let answer = try await APIHarness().get("/ev-charger/device_ev_001/decision")
        #expect(answer.status == 200)
        try Golden("decision").expect(answer)
    }

    @Test func whatWasNeverReadIsNullWithItsReason() async throws {
        let answer = try await APIHarness().get(
            "/ev-charger/device_ev_003/decision", key: Scene.liveKey)
        try Golden("decision-never-read").expect(answer)
    }

    @Test(arguments: [
        (TargetApplication.none, "none"), (.pending(revision: 1), "pending"),
        (.held(revision: 1, until: Scene.now.monotonic), "held"),
        (.written(revision: 1, at: Scene.now), "written"),
        (.verified(revision: 1, offered: .amperes(20), at: Scene.now), "verified"),
        (.withheld(revision: 1, write: "idle"), "withheld"),
        (.refused(revision: 1, reason: "illegal value"), "refused"),
        (.contradicted(revision: 1, found: .amperes(10)), "contradicted"),
    ])
    func everyStageOfATargetHasItsWord(_ stage: TargetApplication, _ word: String) async throws {
        var view = Scene.view
        view.chargers[0].snapshot.application = stage
        view.chargers[0].snapshot.link = .down(reason: "no answer")
        view.chargers[0].snapshot.conditions = [.competingController]
        let data = try await APIHarness(view: view).get("/ev-charger/device_ev_001/decision").data()
        #expect(data["written"]?["state"]?.text == word)
        #expect(data["link"]?["reason"] == "no answer")
        #expect(data["conditions"]?.elements.first?["code"] == "COMPETING_CONTROLLER")
    }

    @Test func readinessNamesTheBusesOfVisibleChargersOnly() async throws {
        let harness = APIHarness()
        let answer = try await harness.get("/health/ready")
        #expect(answer.status == 200)
        try Golden("ready").expect(answer)
        let live = try await harness.get("/health/ready", key: Scene.liveKey).data()
        #expect(live["buses"]?.elements.count == 2)
        let other = try await harness.get("/health/ready", key: Scene.otherUserKey).data()
        #expect(other["buses"] == [])
    }

    @Test func whatIsNotReadyIs503WithTheSameDetails() async throws {
        let harness = APIHarness()
        harness.service.set { state in
            state.readiness.isReady = false
            state.readiness.storeProblem = "the disk is full"
        }
        let answer = try await harness.get("/health/ready")
        #expect(answer.status == 503)
        #expect(answer.header("retry-after") == "5")
        #expect(try answer.code == "SERVICE_UNAVAILABLE")
        let details = try #require(try answer.json()["error"]?["details"])
        #expect(
            OpenAPIContract.problems(details, OpenAPIContract.reference("Readiness"), at: "$") == []
        )
        #expect(details["store"] == ["ok": false, "problem": "the disk is full"])
    }
}
