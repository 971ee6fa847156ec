import AgentTestSupport
import Foundation
import Testing

/// What a new user sees: the demo, its scene and the lines that it prints.
@Suite(.timeLimit(.minutes(1)))
struct DemoTests {
    @Test func theListEqualsTheContractsSample() async throws {
        let demo = try await RunningDemo()
        try await demo.charging()
        let sample = try #require(
            Bundle.module.url(
                forResource: "list-ev-charger", withExtension: "json", subdirectory: "Golden"))
        let expected = try JSONValue(parsing: String(contentsOf: sample, encoding: .utf8))
        let actual = try await demo.api.get("/ev-charger").json
        // The scene fixes everything but moments, ids, and what the action has come to meanwhile.
        let differences = expected.differences(
            from: actual,
            byKindAlone: [
                "requestId", "timestamp", "latencyMs", "lastPulledAt", "source", "lastAction",
                "execution",
            ])
        #expect(differences == [])
        let execution = actual["data.items.0.commands.charge.execution"]
        #expect(execution?.elements.contains(.string("immediate")) == true)
        #expect(actual["data.items.0.lastAction.command"] == .string("charge"))
    }

    @Test func theFiveLinesWorkWhenPasted() async throws {
        let demo = try await RunningDemo()
        try await demo.charging()
        #expect(demo.lines.count == 5)
        func paste(_ number: Int) throws -> ChildProcess {
            let script = demo.keyLine + "\n" + demo.lines[number]
            // The event stream does not end by itself: timeout ends what it started.
            return try ChildProcess("timeout", ["20", "bash", "-c", script])
        }
        let watching = try paste(3)
        defer { watching.send(SIGTERM) }
        _ = try await watching.line(containing: ": events of")

        let list = try await paste(0).exit(within: .seconds(10))
        #expect(try JSONValue(parsing: list.output)["data.items"]?.elements.count == 2)
        let one = try await paste(1).exit(within: .seconds(10))
        #expect(try JSONValue(parsing: one.output)["data.id"] == .string("device_ev_001"))
        let idle = try await paste(2).exit(within: .seconds(10))
        let pushed = try JSONValue(parsing: idle.output)
        #expect(pushed["data.state"] == .string("acknowledged"))
        let id = try #require(pushed["data.id"]?.text)
        _ = try await watching.line(containing: id, within: .seconds(5))
        let plugged = try await paste(4).exit(within: .seconds(10))
        #expect(try JSONValue(parsing: plugged.output)["vehicle.phases"] != nil)
        _ = try await demo.api.charger("device_ev_002", within: .seconds(5)) {
            $0["state.isConnected"] == .bool(true)
        }
    }

    @Test func anIdleTakesTheWallboxToZeroAsSeenFromOutside() async throws {
        let demo = try await RunningDemo()
        try await demo.charging()
        #expect(try await Mbpoll.read(.holding, 0, port: demo.modbusPorts[0]) == [320])
        let action = try await demo.api.push("idle")
        #expect(try await demo.api.end(of: action)["state"] == .string("completed"))
        #expect(try await Mbpoll.read(.holding, 0, port: demo.modbusPorts[0]) == [0])
        // Current in 0.1 A, voltage in 0.1 V and power in W, as measured.
        var measured: [Int] = []
        try await wait(
            until: "no power flows", within: .seconds(10), evidence: { "Read: \(measured)" }
        ) {
            measured = try await Mbpoll.read(.input, 34, count: 3, port: demo.modbusPorts[0])
            return measured.dropFirst(2) == [0]
        }
        _ = try await demo.api.charger(within: .seconds(5)) {
            $0["state.status"] == .string("suspended_evse")
                && $0["state.currentPower"] == .number(0)
                && $0["state.isCharging"] == .bool(false)
        }
    }

    @Test("R32 the key is shown once, kept in a file for its user alone, and nothing else opens")
    func r32_theKeyIsShownOnce() async throws {
        let demo = try await RunningDemo()
        let file = demo.stateDirectory + "/demo.key"
        #expect(try String(contentsOfFile: file, encoding: .utf8) == demo.key + "\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try demo.process.output.components(separatedBy: demo.key).count == 2)
        #expect(demo.key.hasPrefix("amps_sk_test_"))

        var stranger = demo.api
        stranger.key = nil
        #expect(try await stranger.get("/ev-charger").code == "UNAUTHORIZED")
        #expect(try await stranger.get("/health").status == 200)
        stranger.key = "amps_sk_test_" + String(repeating: "0", count: 32)
        let refused = try await stranger.get("/ev-charger")
        #expect(refused.status == 401)
        #expect(try refused.code == "INVALID_API_KEY")
    }

    @Test func theNextStartHasANewKey() async throws {
        let demo = try await RunningDemo()
        try await demo.process.end(SIGINT)
        let again = try ChildProcess(
            Programs.agent,
            [
                "demo", "--listen", "127.0.0.1:0", "--modbus-port", "0", "--state-dir",
                demo.stateDirectory,
            ])
        let line = try await again.line(containing: "API ")
        _ = try await again.line(containing: "Ctrl-C ends it")
        var api = demo.api
        api.port = try #require(Ports.all(in: line).first)
        #expect(try await api.get("/ev-charger").code == "INVALID_API_KEY")
        api.key = try String(contentsOfFile: demo.stateDirectory + "/demo.key", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
        #expect(try await api.get("/ev-charger").status == 200)
    }
}
