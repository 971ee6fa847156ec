import Foundation
import Testing

/// The log of security and safety events, as whoever asks later finds it.
@Suite(.timeLimit(.minutes(1)))
struct R44EventLogTests {
    private struct Line: Decodable {
        var kind: String
        var detail: [String: String]
    }

    private func lines(of site: RunningAgent.Site) throws -> [Line] {
        let file = URL(filePath: site.scratch.path("state") + "/evse-agent-events.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    @Test(
        "R44 a changed configuration and a limit that is too high are in the log, which is intact")
    func r44_changesAndRefusalsAreInTheLog() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let first = try await RunningAgent(site)
        let refused = try await first.api.post(
            "/ev-charger/device_ev_001/settings",
            #"{"max_charge_rate":{"value":63,"unit":"kw"}}"#)
        #expect(try refused.code == "SETTING_OUT_OF_RANGE")
        #expect(try await first.process.end().code == 0)

        let second = try await RunningAgent(site)
        #expect(try await second.process.end().code == 0)

        let text = try String(contentsOfFile: site.configuration, encoding: .utf8)
        _ = try site.scratch.write(
            text.replacing("max-current: 32", with: "max-current: 16") + "poll: 2s\n",
            to: "agent.yaml")
        let third = try await RunningAgent(site)
        #expect(try await third.process.end().code == 0)

        let lines = try lines(of: site)
        #expect(
            lines.map(\.kind) == [
                "key_created", "started", "configuration_changed", "limit_refused", "stopped",
                "started", "stopped", "started", "configuration_changed", "stopped",
            ])
        #expect(lines[2].detail["keys"] == "all; none was known before")
        #expect(lines[3].detail["charger"] == "device_ev_001")
        #expect(lines[8].detail["keys"] == "chargers[device_ev_001].max-current, poll")
        #expect(lines[8].detail["sha256"] != lines[2].detail["sha256"])
        let verified = try await ChildProcess.run(
            Programs.agent, ["log", "verify", "--config", site.configuration])
        #expect(verified.output.hasPrefix("entries 1 to 10 are intact"))
    }

    @Test("R35 the API answers under the names of its configuration, and under no others")
    func r35_namesAreConfigured() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let text = try String(contentsOfFile: site.configuration, encoding: .utf8)
        _ = try site.scratch.write(
            text.replacing(
                "listen: 127.0.0.1:0 }", with: "listen: 127.0.0.1:0, hosts: [RaspberryPi.local] }"),
            to: "agent.yaml")
        let agent = try await RunningAgent(site)
        for (host, status) in [
            ("raspberrypi.local:8080", 200), ("RASPBERRYPI.LOCAL", 200), ("127.0.0.1", 200),
            ("raspberrypi", 403), ("evil.example", 403),
        ] {
            let answer = try await agent.api.send("GET", "/ev-charger", fields: ["Host: \(host)"])
            #expect(answer.status == status, "\(host)")
        }
    }
}
