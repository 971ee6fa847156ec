import Foundation
import Testing

/// `evse-agent run --read-only`: it watches, and a wallbox hears nothing but questions.
@Suite(.timeLimit(.minutes(2)))
struct ReadOnlyTests {
    @Test func nothingIsWrittenThroughPushesWindowsRestartsAndTheEnd() async throws {
        let first = try await RunningWallbox()
        let second = try await RunningWallbox("reference-22kw")
        let site = try await RunningAgent.Site(
            wallboxes: [first.port, second.port], profiles: ["reference-7kw", "reference-22kw"])
        var agent = try await RunningAgent(site, options: ["--read-only"])
        #expect(try agent.process.errors.contains("read-only: nothing is written"))
        _ = try await agent.api.charger("device_ev_001") { $0["sync.available"] == .bool(true) }
        _ = try await agent.api.charger("device_ev_002") { $0["sync.available"] == .bool(true) }
        #expect(try await agent.api.get("/health/ready").json["data.readOnly"] == .bool(true))
        try await expectReadOnlyEnd(of: try await agent.api.push("idle"), agent)
        try await expectReadOnlyEnd(
            of: try await agent.api.push("idle", to: "device_ev_002"), agent)
        try await expectWithheld(agent)
        try await expectWindowToFail(agent)
        #expect(try await agent.process.end(SIGTERM).code == 0)
        agent = try await RunningAgent(site, options: ["--read-only"])
        _ = try await agent.api.charger { $0["sync.available"] == .bool(true) }
        try await expectReadOnlyEnd(of: try await agent.api.push("idle"), agent)
        #expect(try await agent.process.end(SIGTERM).code == 0)
        for wallbox in [first, second] {
            #expect(try await wallbox.control.get("/writes").json.elements.isEmpty)
        }
    }

    private func expectReadOnlyEnd(of id: String, _ agent: RunningAgent) async throws {
        let action = try await agent.api.end(of: id)
        #expect(action["state"] == .string("failed"))
        #expect(action["errorCode"] == .string("READ_ONLY"))
        #expect(action["errorMessage"]?.text?.contains("would have been written") == true)
    }

    /// The decision says what it would write: here for a cap that lies below what is found.
    private func expectWithheld(_ agent: RunningAgent) async throws {
        let cap = try await agent.api.post(
            "/ev-charger/device_ev_001/settings",
            #"{"max_charge_rate":{"value":4.6,"unit":"kw"}}"#)
        #expect(cap.status == 200)
        try await wait(until: "the decision tells what it would write") {
            let decision = try await agent.api.get("/ev-charger/device_ev_001/decision")
                .json["data.written"]
            return decision?["state"] == .string("withheld")
                && decision?["reason"]?.text?.contains("limit to 20 A") == true
        }
    }

    private func expectWindowToFail(_ agent: RunningAgent) async throws {
        let end = Date.now.addingTimeInterval(3600).ISO8601Format()
        let answer = try await agent.api.post(
            "/ev-charger/device_ev_001",
            #"{"action":{"command":"charge","start":"0.02m","end":"\#(end)"}}"#)
        #expect(answer.status == 202)
        try await expectReadOnlyEnd(of: try #require(try answer.json["data.id"]?.text), agent)
    }
}
