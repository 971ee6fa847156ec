import AgentTestSupport
import Foundation
import Testing

/// `evse-agent doctor` on a site that is sound, and on what usually is not.
@Suite(.timeLimit(.minutes(2)))
struct DoctorTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func doctor(_ file: String) async throws -> (code: Int32?, findings: [JSONValue]) {
        let exit = try await ChildProcess.run(
            Programs.agent, ["doctor", "--config", file, "--json"])
        return (exit.code, try JSONValue(parsing: exit.output).elements)
    }

    private func finding(_ subject: String, in findings: [JSONValue]) throws -> JSONValue {
        try #require(findings.first { $0["subject"] == .string(subject) }, "\(findings)")
    }

    private func level(_ subject: String, in findings: [JSONValue]) throws -> String? {
        try finding(subject, in: findings)["level"]?.text
    }

    private func configuration(port: Int, listen: Int = 0) -> String {
        """
        site: { timezone: Europe/Berlin, clock: trusted }
        api: { listen: 127.0.0.1:\(listen) }
        state-dir: \(scratch.path("state"))
        chargers:
          - id: garage
            profile: reference-7kw
            connect: tcp://127.0.0.1:\(port)
            max-current: 16
        """
    }

    @Test func aSoundSiteIsFine() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let (code, findings) = try await doctor(site.configuration)
        #expect(code == 0, "\(findings)")
        let wrong = findings.filter { $0["level"] != .string("fine") }
        #expect(wrong == [])
        #expect(try finding("database", in: findings)["detail"] == .string("sound, 0 actions"))
        #expect(try finding("API keys", in: findings)["detail"] == .string("1 valid"))
        #expect(try finding("agent", in: findings)["detail"] == .string("not running"))
    }

    /// Beside the daemon, it leaves alone what the daemon has.
    @Test func besideARunningAgentItTakesNothingFromIt() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        _ = try await agent.api.charger { $0["metadata.source"] == .string("live") }
        let (code, findings) = try await doctor(agent.site.configuration)
        #expect(code == 0, "\(findings)")
        #expect(
            try finding("agent", in: findings)["detail"]?.text?.hasPrefix("running as process")
                == true)
        #expect(try level("API address", in: findings) == "skipped")
        #expect(try level("device_ev_001", in: findings) == "skipped")
        #expect(try level("database", in: findings) == "fine")
        let source = try await agent.api.charger()["metadata.source"]
        #expect(source == .string("live"), "the agent goes on")
    }

    @Test func whatIsNotThereYetIsNoMistake() async throws {
        let wallbox = try await RunningWallbox()
        let file = try scratch.write(configuration(port: wallbox.port), to: "agent.yaml")
        let (code, findings) = try await doctor(file)
        #expect(code == 0, "\(findings)")
        let detail = try finding("state directory", in: findings)["detail"]?.text
        #expect(detail?.hasSuffix("is not there yet; the first start makes it") == true)
        #expect(
            !FileManager.default.fileExists(atPath: scratch.path("state")), "it changes nothing")
    }

    @Test func aWallboxThatIsNotThereAndAPortInUseAreWrong() async throws {
        let taken = try ListeningPort()
        let closed = try LoopbackSocket.hold()
        defer { close(closed.descriptor) }
        let file = try scratch.write(
            configuration(port: Int(closed.port), listen: Int(taken.port)), to: "agent.yaml")
        let (code, findings) = try await doctor(file)
        #expect(code == 1)
        #expect(try level("garage", in: findings) == "wrong")
        let wallbox = try finding("garage", in: findings)["detail"]?.text ?? ""
        #expect(wallbox.contains("refuses the connection"))
        let port = try finding("API address", in: findings)
        #expect(port["level"] == .string("wrong"))
        #expect(port["detail"]?.text?.hasSuffix("something else listens there") == true)
        #expect(port["remedy"]?.text?.contains("ss -ltnp") == true)
    }

    @Test func aDamagedDatabaseAndAChangedLogAreWrong() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let database = site.scratch.path("state/evse-agent.sqlite")
        try Data("no database at all, but long enough to be looked at".utf8)
            .write(to: URL(filePath: database))
        let log = site.scratch.path("state/evse-agent-events.jsonl")
        let text = try String(contentsOfFile: log, encoding: .utf8)
        try text.replacing("test", with: "tost").write(
            toFile: log, atomically: false, encoding: .utf8)
        let (code, findings) = try await doctor(site.configuration)
        #expect(code == 1)
        #expect(try level("database", in: findings) == "wrong")
        #expect(try level("event log", in: findings) == "wrong")
    }

    @Test func aWrongConfigurationIsAllThatItSays() async throws {
        let file = try scratch.write("chargers: []\npol: 1s\n", to: "agent.yaml")
        let exit = try await ChildProcess.run(Programs.agent, ["doctor", "--config", file])
        #expect(exit.code == 1)
        #expect(exit.output.hasPrefix("WRONG configuration"))
        #expect(exit.output.contains("\(file):2:1: error:"))
    }
}

/// A port on which somebody listens.
private final class ListeningPort {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        (descriptor, port) = try LoopbackSocket.listen()
    }

    deinit { close(descriptor) }
}
