import AgentTestSupport
import Foundation
import Testing

/// Either side goes away and comes back.
@Suite(.timeLimit(.minutes(2)))
struct RecoveryTests {
    /// The issue's bound for coming back after a restart of either side.
    private static let bound = Duration.seconds(5)

    /// A wallbox that charges at 20 A by settings, and its agent.
    private func charging() async throws -> (RunningWallbox, RunningAgent) {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        let cap = try await agent.api.post(
            "/ev-charger/device_ev_001/settings",
            #"{"max_charge_rate":{"value":4.6,"unit":"kw"}}"#)
        #expect(cap.status == 200)
        let action = try await agent.api.push("charge")
        #expect(try await agent.api.end(of: action)["state"] == .string("completed"))
        #expect(try await wallbox.control.setpoint == 20_000)
        return (wallbox, agent)
    }

    @Test("R13 a wallbox that restarts is read again and told its limit again within 5 s")
    func r13_aRestartedWallboxIsToldItsLimitAgain() async throws {
        let (wallbox, agent) = try await charging()
        let before = try await agent.api.charger()["sync.lastPulledAt"]
        try await wallbox.process.end(SIGKILL)
        let back = try await wallbox.comeBack()
        let since = ContinuousClock.now
        _ = try await agent.api.charger(within: Self.bound) {
            $0["sync.lastPulledAt"] != before && $0["metadata.source"] == .string("live")
                && $0["state.isConnected"] == .bool(true)
        }
        try await wait(
            until: "the limit is asserted again", within: Self.bound - (.now - since)
        ) {
            try await back.control.setpoint == 20_000
        }
    }

    @Test("R19 an agent that is killed and starts again holds the last limit within 5 s")
    func r19_aKilledAgentHoldsTheLastLimitAgain() async throws {
        let (wallbox, agent) = try await charging()
        try await agent.process.end(SIGKILL)
        // Somebody turns it up meanwhile: the cap of before the end must hold all the same.
        #expect(try await Mbpoll.write(320, to: 0, port: wallbox.port).code == 0)
        #expect(try await wallbox.control.setpoint == 32_000)
        let since = ContinuousClock.now
        let again = try await RunningAgent(agent.site)
        _ = try await again.api.charger(within: Self.bound - (.now - since)) {
            $0["metadata.source"] == .string("live") && $0["state.isConnected"] == .bool(true)
        }
        try await wait(
            until: "the last limit holds again", within: Self.bound - (.now - since)
        ) {
            try await wallbox.control.setpoint == 20_000
        }
        #expect(try await again.api.get("/actions").json["data.items"]?.elements.count == 1)
    }

    @Test func anAgentThatEndedInOrderRaisesToItsIntentAgain() async throws {
        let (wallbox, agent) = try await charging()
        #expect(try await agent.process.end().code == 0)
        #expect(try await wallbox.control.setpoint == 6_000)
        let again = try await RunningAgent(agent.site)
        try await wait(until: "the last limit holds again", within: Self.bound) {
            try await wallbox.control.setpoint == 20_000
        }
        let decision = try await again.api.get("/ev-charger/device_ev_001/decision")
        #expect(decision.status == 200)
    }

    @Test(
        "R26 a command that failed while the wallbox was away is never written, and values show their age"
    )
    func r26_aFailedCommandIsNeverWritten() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        let idle = try await agent.api.push("idle")
        #expect(try await agent.api.end(of: idle)["state"] == .string("completed"))
        let captured = try await agent.api.charger { $0["state.currentPower"] == .number(0) }

        try await wallbox.process.end(SIGKILL)
        let charge = try await agent.api.push("charge")
        let failed = try await agent.api.end(of: charge)
        #expect(failed["state"] == .string("failed"))
        #expect(failed["errorCode"] == .string("DEVICE_OFFLINE"))

        // The last values stay, and say that they are old.
        let old = try await agent.api.charger(within: .seconds(15)) {
            $0["metadata.source"] == .string("fallback")
        }
        #expect(old["sync.available"] == .bool(false))
        #expect(old["state.status"] == .string("unavailable"))
        #expect(old["state.currentPower"] == captured["state.currentPower"])
        let pulled = old["sync.lastPulledAt"]
        #expect(pulled?.text != nil)
        #expect(try await agent.api.get("/health/ready").status == 503)

        let back = try await wallbox.comeBack()
        _ = try await agent.api.charger(within: .seconds(35)) {
            $0["metadata.source"] == .string("live") && $0["state.isConnected"] == .bool(true)
        }
        // What held before is asserted; then some polls, in which anything late would be written.
        try await wait(until: "idle holds again", within: .seconds(5)) {
            try await back.control.setpoint == 0
        }
        var polls: [JSONValue] = []
        try await wait(until: "four more polls", every: APIClient.pace) {
            if let poll = try await agent.api.charger()["sync.lastPulledAt"], !polls.contains(poll)
            {
                polls.append(poll)
            }
            return polls.count > 4
        }
        #expect(try await back.control.writes().allSatisfy { $0 == 0 })
        #expect(try await agent.api.charger()["state.isCharging"] == .bool(false))
        #expect(try await agent.api.get("/actions/\(charge)").json["data"] == failed)
    }

    @Test func onFirstContactNothingIsRaised() async throws {
        let wallbox = try await RunningWallbox()
        #expect(try await Mbpoll.write(100, to: 0, port: wallbox.port).code == 0)
        let agent = try await RunningAgent(wallboxes: wallbox)
        _ = try await agent.api.charger { $0["metadata.source"] == .string("live") }
        var polls: [JSONValue] = []
        try await wait(until: "three more polls", every: APIClient.pace) {
            if let poll = try await agent.api.charger()["sync.lastPulledAt"], !polls.contains(poll)
            {
                polls.append(poll)
            }
            return polls.count > 3
        }
        #expect(try await wallbox.control.writes() == [10_000], "mbpoll's own and no other")
    }
}
