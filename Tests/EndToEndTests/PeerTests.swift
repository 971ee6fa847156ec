import AgentTestSupport
import Foundation
import Testing

/// Both sides against other people's software: the client against pymodbus, the server against mbpoll
/// (which is libmodbus).
@Suite(.timeLimit(.minutes(1)))
struct PeerTests {
    @Test func theAgentDrivesAWallboxThatPymodbusServes() async throws {
        let peer = try ChildProcess(
            Programs.python, [Programs.peer("reference_wallbox")],
            environment: ["PYTHONUNBUFFERED": "1"])
        let line = try await peer.line(containing: "listening on ")
        let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
        let agent = try await RunningAgent(RunningAgent.Site(wallboxes: [port]))

        let found = try await agent.api.charger { $0["state.isCharging"] == .bool(true) }
        #expect(found["state.status"] == .string("charging"))
        #expect(found["state.maxCurrent"] == .number(32))
        #expect(found["state.currentPower"] == .number(1.38), "6 A at 230 V, adopted as found")

        let charge = try await agent.api.push("charge")
        #expect(try await agent.api.end(of: charge)["state"] == .string("completed"))
        _ = try await agent.api.charger { $0["state.currentPower"] == .number(6.99) }

        let idle = try await agent.api.push("idle")
        #expect(try await agent.api.end(of: idle)["state"] == .string("completed"))
        #expect(try await Mbpoll.read(.holding, 0, port: port) == [0])
        _ = try await agent.api.charger {
            $0["state.status"] == .string("suspended_evse")
                && $0["state.currentPower"] == .number(0)
        }
        // The peer has seen exactly the setpoints that were asked for, in 0.1 A.
        let written = try peer.output.split(separator: "\n").filter { $0.hasPrefix("write 0 ") }
        #expect(written.first == "write 0 320" && written.last == "write 0 0", "\(written)")
    }

    @Test func mbpollReadsAndWritesTheSimulator() async throws {
        let wallbox = try await RunningWallbox(
            options: ["--plugged", "--vehicle-phases", "1", "--vehicle-current", "32"])
        // Map version, and the hardware's maximum in 0.1 A.
        #expect(try await Mbpoll.read(.input, 0, port: wallbox.port) == [0x0701])
        #expect(try await Mbpoll.read(.input, 13, port: wallbox.port) == [320])
        #expect(try await Mbpoll.write(160, to: 0, port: wallbox.port).code == 0)
        #expect(try await Mbpoll.read(.holding, 0, port: wallbox.port) == [160])
        try await wait(until: "the vehicle draws 16 A") {
            try await Mbpoll.read(.input, 34, port: wallbox.port) == [160]
        }
        let truth = try await wallbox.control.get("/").json
        #expect(truth["setpointMilliamperes"] == .number(16_000))
        #expect(truth["contactorClosed"] == .bool(true))
    }

    @Test func mbpollIsRefusedWhatTheWallboxDoesNotHave() async throws {
        let wallbox = try await RunningWallbox()
        let address = try await Mbpoll.run(["-t", "4", "-r", "900", "-1"], wallbox.port)
        #expect((address.output + address.errors).contains("Illegal data address"))
        let readOnly = try await Mbpoll.run(["-t", "0", "-r", "900", "-1"], wallbox.port)
        #expect((readOnly.output + readOnly.errors).contains("Illegal"))
        #expect(try await Mbpoll.read(.input, 0, port: wallbox.port) == [0x0701], "it goes on")
    }

    @Test(arguments: ["reference-22kw", "keba-p30", "alfen-eve"])
    func everyProfileIsDrivenFromEndToEnd(profile: String) async throws {
        let wallbox = try await RunningWallbox(profile, options: ["--plugged"])
        let agent = try await RunningAgent(
            RunningAgent.Site(wallboxes: [wallbox.port], profiles: [profile]))
        let charge = try await agent.api.push("charge")
        let charged = try await agent.api.end(of: charge)
        #expect(charged["state"] == .string("completed"), "\(charged)")
        _ = try await agent.api.charger(within: .seconds(20)) {
            $0["state.isCharging"] == .bool(true) && ($0["state.currentPower"]?.figure ?? 0) > 3
        }
        let idle = try await agent.api.push("idle")
        let idled = try await agent.api.end(of: idle)
        #expect(idled["state"] == .string("completed"), "\(idled)")
        _ = try await agent.api.charger(within: .seconds(20)) {
            $0["state.isCharging"] == .bool(false) && $0["state.currentPower"] == .number(0)
        }
        let truth = try await wallbox.control.get("/").json
        #expect(truth["powerWatts"] == .number(0), "\(truth)")
    }
}
