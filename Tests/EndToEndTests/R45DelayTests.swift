import Foundation
import Testing

/// The randomised delay, as a client and the wallbox see it.
@Suite(.timeLimit(.minutes(1)))
struct R45DelayTests {
    private static let scale = 600
    @Test("R45 a scheduled start is delayed as its answer says, also after a kill")
    func r45_aStartIsDelayedAsAnnounced() async throws {
        let anchor = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
        let time = [
            "--time-origin", "2026-06-01T20:00:00Z", "--time-scale", "\(Self.scale)",
            "--time-anchor", anchor.formatted(.iso8601),
        ]
        let wallbox = try await RunningWallbox(
            options: ["--plugged", "--vehicle-phases", "1", "--vehicle-current", "32"] + time)
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let text = try String(contentsOfFile: site.configuration, encoding: .utf8)
        _ = try site.scratch.write(
            text.replacing("clock: trusted }", with: "clock: trusted, start-delay: 30m }"),
            to: "agent.yaml")
        let agent = try await RunningAgent(site, options: time)
        // What the wallbox is found with would do, and nothing would have to be written.
        let idle = try await agent.api.push("idle")
        #expect(try await agent.api.end(of: idle)["state"] == .string("completed"))
        // An hour from now, by the agent's own clock: however long it took to come this far.
        let now = try #require(
            try await agent.api.get("/ev-charger/device_ev_001").json["meta.timestamp"]?.text)
        let start = try Date(now.prefix(19) + "Z", strategy: .iso8601).addingTimeInterval(3_600)
        let pushed = try await agent.api.post(
            "/ev-charger/device_ev_001",
            #"{"action":{"command":"charge","start":"\#(start.formatted(.iso8601))"}}"#)
        #expect(pushed.status == 202, "\(pushed)")
        let delay = try #require(try pushed.json["data.startDelaySeconds"]?.figure)
        #expect(0...1_800 ~= delay)
        let charger = try await agent.api.charger()
        #expect(charger["currentSchedule.startDelaySeconds"] == .number(delay))
        try await agent.process.end(SIGKILL)

        let again = try await RunningAgent(site, options: time)
        let action = try #require(try pushed.json["data.id"]?.text)
        let ended = try await again.api.end(of: action)
        #expect(ended["state"] == .string("completed"))
        #expect(ended["startDelaySeconds"] == .number(delay))
        let raise = try #require(
            try await wallbox.control.get("/writes").json.elements.first {
                $0["register"]?.text == "setpoint" && $0["value"] == .number(32_000)
            })
        let moment = try #require(raise["time"]?.figure) / 1_000
        let late = moment - (start.timeIntervalSince1970 + delay)
        // A tick, or the restart that the kill cost, with room for a busy machine.
        #expect(0..<Double(20 * Self.scale) ~= late, "\(late) s after its time")
    }
}
