import Foundation
import Testing

/// A night in a minute: the same simulated time in several programs, and after a kill.
@Suite(.timeLimit(.minutes(1)))
struct SimulatedTimeTests {
    private static let scale = 3_600
    /// 2026-06-01 22:00 in Berlin.
    private static let origin = 1_780_344_000.0

    private let anchor = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))

    private var options: [String] {
        [
            "--time-origin", "2026-06-01T20:00:00Z", "--time-scale", "\(Self.scale)",
            "--time-anchor", anchor.formatted(.iso8601),
        ]
    }

    /// The simulated time at a real one.
    private func simulated(at real: Date) -> Date {
        Date(
            timeIntervalSince1970: Self.origin + real.timeIntervalSince(anchor)
                * Double(Self.scale))
    }

    @Test func simulatedTimeSurvivesAKill() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let first = try await RunningAgent(site, options: options)
        try await checkTime(of: first)
        try await first.process.end(SIGKILL)
        let second = try await RunningAgent(site, options: options)
        try await checkTime(of: second)
    }

    private func checkTime(of agent: RunningAgent) async throws {
        let before = Date()
        let answer = try await agent.api.get("/ev-charger/device_ev_001")
        let after = Date()
        let text = try #require(try answer.json["meta.timestamp"]?.text)
        let shown = try Date(
            text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        // Clocks are read in whole milliseconds.
        #expect(shown >= simulated(at: before.addingTimeInterval(-0.002)))
        #expect(shown <= simulated(at: after.addingTimeInterval(0.002)))
    }

    @Test func aNightsEnergyFlowsInSeconds() async throws {
        let wallbox = try await RunningWallbox(
            options: ["--plugged", "--vehicle-phases", "1", "--vehicle-current", "32"] + options)
        // 7 kW for an hour, which is a second here.
        try await wait(until: "7 kWh have flowed", within: .seconds(20)) {
            try await (wallbox.control.get("/").json["energySessionWattHours"]?.figure ?? 0) > 7_000
        }
    }

    @Test func simulatedTimeIsRefusedForARealWallbox() async throws {
        let site = try await RunningAgent.Site(wallboxes: [1])
        let text = try String(contentsOfFile: site.configuration, encoding: .utf8)
        let path = try site.scratch.write(
            text.replacing("simulated: true", with: "simulated: false"), to: "real.yaml")
        let exit = try await ChildProcess.run(
            Programs.agent, ["run", "--config", path, "--time-scale", "60"])
        #expect(exit.code == 1)
        #expect(exit.errors.contains("'device_ev_001' has no 'simulated: true'"))
    }
}
