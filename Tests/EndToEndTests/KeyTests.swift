import AgentTestSupport
import Foundation
import Testing

/// Keys, made and revoked by another process while the agent runs.
@Suite(.timeLimit(.minutes(1)))
struct KeyTests {
    /// How soon a running agent knows of a change.
    private static let bound = Duration.seconds(1)
    /// Ten refusals a minute shut a source out: looks are further apart than that.
    private static let period = Duration.milliseconds(120)

    @Test("R32 a key made while the agent runs opens it, and revoked it does not, within a second")
    func r32_keysComeAndGoWhileTheAgentRuns() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        let made = try await agent.site.keys(
            "create", "--name", "phone", "--environment", "sandbox")
        #expect(made.code == 0)
        let lines = made.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines.last == "", "the key alone is on standard output")
        var phone = agent.api
        phone.key = made.output.trimmingCharacters(in: .newlines)
        try await wait(until: "the new key opens", within: Self.bound, every: Self.period) {
            try await phone.get("/ev-charger").status == 200
        }
        let stream = try await phone.events()
        let perCharger = try await phone.events("/ev-charger/device_ev_001/events")

        let listed = try await agent.site.keys("list")
        #expect(listed.output.contains("phone"))
        #expect(!listed.output.contains(phone.key ?? "-"))

        #expect(try await agent.site.keys("revoke", "phone").code == 0)
        try await wait(until: "the revoked key is refused", within: Self.bound, every: Self.period)
        {
            try await phone.get("/ev-charger").code == "INVALID_API_KEY"
        }
        try await expectEnd(of: stream)
        try await expectEnd(of: perCharger)
        #expect(try await agent.api.get("/ev-charger").status == 200, "the others still open")
        #expect(try await agent.site.keys("list").output.contains("revoked"))
        let again = try await agent.site.keys("revoke", "phone")
        #expect(again.code == 1)
        #expect(again.errors.contains("phone"))
    }

    /// The last chunk comes in time; the connection may stay for other requests.
    private func expectEnd(of stream: RawHTTPClient) async throws {
        let end = ContinuousClock.now + Self.bound
        while try await !stream.chunk(within: end - .now).isEmpty {}
    }

    @Test func aReadOnlyKeyReadsAndNothingElse() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let made = try await site.keys(
            "create", "--name", "display", "--environment", "sandbox", "--read-only")
        let agent = try await RunningAgent(site)
        var display = agent.api
        display.key = made.output.trimmingCharacters(in: .newlines)
        #expect(try await display.get("/ev-charger/device_ev_001").status == 200)
        let push = try await display.post(
            "/ev-charger/device_ev_001", #"{"action":{"command":"idle"}}"#)
        #expect(push.status == 403)
        #expect(try push.code == "INSUFFICIENT_PERMISSIONS")
    }

    @Test func aLiveKeyDoesNotSeeSimulatedChargers() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let made = try await site.keys("create", "--name", "live", "--environment", "live")
        #expect(made.output.hasPrefix("amps_sk_live_"))
        let agent = try await RunningAgent(site)
        var live = agent.api
        live.key = made.output.trimmingCharacters(in: .newlines)
        #expect(try await live.get("/ev-charger").json["data.items"] == .array([]))
        #expect(try await live.get("/ev-charger/device_ev_001").code == "DEVICE_NOT_FOUND")
    }

    @Test func aNameIsTakenOnce() async throws {
        let site = try await RunningAgent.Site(wallboxes: [1])
        let second = try await site.keys("create", "--name", "test")
        #expect(second.code == 1)
        #expect(second.output == "")
        #expect(second.errors.contains("test"))
    }

    @Test("R32 no key is in a log or a file")
    func r32_noKeyIsInALogOrAFile() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let agent = try await RunningAgent(site, options: ["--log-level", "trace"])
        var stranger = agent.api
        stranger.key = "amps_sk_test_" + String(repeating: "Zq9", count: 11)
        for client in [agent.api, stranger] {
            _ = try await client.get("/ev-charger?x-api-key=\(client.key ?? "")")
            _ = try await client.post("/ev-charger/device_ev_001", "{")
            _ = try await client.post(
                "/ev-charger/device_ev_001", #"{"action":{"command":"idle"}}"#)
            _ = try await client.send(
                "GET", "/events?bearer", fields: ["Authorization: Bearer \(client.key ?? "") x"])
        }
        let exit = try await agent.process.end()
        let secrets = [agent.api.key, stranger.key].compactMap { $0 }
        #expect(secrets.count == 2)
        for secret in secrets {
            #expect(!exit.errors.contains(secret) && !exit.output.contains(secret))
        }
        let state = site.scratch.directory.appending(path: "state")
        let files = try FileManager.default.subpathsOfDirectory(atPath: state.path)
        #expect(files.contains { $0.hasSuffix(".sqlite") || $0.hasSuffix(".db") }, "\(files)")
        for file in files {
            let data = try Data(contentsOf: state.appending(path: file))
            for secret in secrets {
                #expect(data.range(of: Data(secret.utf8)) == nil, "\(file) holds a key")
            }
        }
    }

    @Test("R44 what was done with keys is in the log, and a changed byte of it shows")
    func r44_keyCommandsAreInTheLog() async throws {
        let site = try await RunningAgent.Site(wallboxes: [1])
        #expect(try await site.keys("revoke", "test").code == 0)
        let state = site.scratch.path("state")
        func verify() async throws -> ChildProcess.Exit {
            try await ChildProcess.run(Programs.agent, ["log", "verify", "--state-dir", state])
        }
        let intact = try await verify()
        #expect(intact.code == 0)
        #expect(intact.output.hasPrefix("entries 1 to 2 are intact; the last hash is "))
        let log = URL(filePath: state + "/evse-agent-events.jsonl")
        var bytes = try Data(contentsOf: log)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#""kind":"key_created""#) && text.contains(#""key":"test""#))
        #expect(!text.contains(site.key))
        bytes[bytes.count - 200] ^= 1
        try bytes.write(to: log)
        let broken = try await verify()
        #expect(broken.code == 1)
        #expect(broken.errors.contains("evse-agent-events.jsonl:2: it was changed"))
    }
}
