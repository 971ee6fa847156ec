import AgentTestSupport
import Foundation
import Testing

/// Serial lines from end to end: each side against other people's software, then against each other.
@Suite("Serial lines, from end to end", .timeLimit(.minutes(2)))
struct SerialTests {
    /// A simulated wallbox on a pseudo-terminal, or behind a gateway.
    private struct Wallbox {
        let process: ChildProcess
        /// As the configuration takes it.
        let connect: String
        let control: APIClient

        init(_ options: String...) async throws {
            process = try ChildProcess(
                Programs.agent,
                ["simulate", "reference-7kw", "--control", "127.0.0.1:0"] + options + [
                    "--plugged", "--vehicle-phases", "1", "--vehicle-current", "32",
                ])
            let line = try await process.line(containing: "simulated ")
            connect = try #require(line.split(separator: " ").last).description
            let endpoint = try await process.line(containing: "control endpoint at ")
            control = APIClient(port: try #require(Ports.all(in: endpoint).first))
        }

        /// The terminal.
        var path: String {
            String(connect.dropFirst("serial://".count).prefix { $0 != "?" })
        }
    }

    private func chargesAndIdles(_ agent: RunningAgent) async throws {
        let charge = try await agent.api.push("charge")
        #expect(try await agent.api.end(of: charge)["state"] == .string("completed"))
        _ = try await agent.api.charger { $0["state.currentPower"]?.figure ?? 0 > 6.9 }
        let idle = try await agent.api.push("idle")
        #expect(try await agent.api.end(of: idle)["state"] == .string("completed"))
        _ = try await agent.api.charger { $0["state.currentPower"] == .number(0) }
    }

    @Test func theAgentDrivesAWallboxThatPymodbusServesOnASerialLine() async throws {
        let peer = try ChildProcess(
            Programs.python, [Programs.peer("reference_wallbox"), "--serial"],
            environment: ["PYTHONUNBUFFERED": "1"])
        let line = try await peer.line(containing: "listening on ")
        let path = try #require(line.split(separator: " ").last)
        let agent = try await RunningAgent(
            RunningAgent.Site(connections: ["serial://\(path)?baud=9600&parity=none"]))
        _ = try await agent.api.charger { $0["state.isCharging"] == .bool(true) }
        try await chargesAndIdles(agent)
        // The peer has seen exactly the setpoints that were asked for, in 0.1 A.
        let written = try peer.output.split(separator: "\n").filter { $0.hasPrefix("write 0 ") }
        #expect(written.first == "write 0 320" && written.last == "write 0 0", "\(written)")
    }

    @Test func mbpollReadsAndWritesTheSimulatorOnASerialLine() async throws {
        let wallbox = try await Wallbox("--serial", "pty")
        // Map version, and the hardware's maximum in 0.1 A.
        #expect(try await Mbpoll.read(.input, 0, serial: wallbox.path) == [0x0701])
        #expect(try await Mbpoll.read(.input, 13, serial: wallbox.path) == [320])
        let write = try await Mbpoll.run(
            ["-t", "4", "-r", "0"], serial: wallbox.path, values: ["160"])
        #expect(write.code == 0, "\(write)")
        #expect(try await Mbpoll.read(.holding, 0, serial: wallbox.path) == [160])
        let refused = try await Mbpoll.run(
            ["-t", "4", "-r", "900", "-1"], serial: wallbox.path)
        #expect((refused.output + refused.errors).contains("Illegal data address"), "\(refused)")
        let nobody = try await Mbpoll.run(
            ["-t", "3", "-r", "0", "-1", "-o", "0.3"], serial: wallbox.path, unit: 9)
        #expect((nobody.output + nobody.errors).contains("timed out"), "\(nobody)")
        let truth = try await wallbox.control.get("/").json
        #expect(truth["setpointMilliamperes"] == .number(16_000))
    }

    @Test(arguments: [["--serial", "pty"], ["--framing", "rtu", "--listen", "127.0.0.1:0"]])
    func theAgentDrivesTheSimulator(options: [String]) async throws {
        let wallbox =
            try await options.count == 2
            ? Wallbox(options[0], options[1])
            : Wallbox(options[0], options[1], options[2], options[3])
        let agent = try await RunningAgent(RunningAgent.Site(connections: [wallbox.connect]))
        try await chargesAndIdles(agent)
    }

    @Test("R06 late answers on a serial line put nothing wrong into the API")
    func lateAnswersPutNothingWrongIntoTheAPI() async throws {
        let wallbox = try await Wallbox("--serial", "pty")
        let agent = try await RunningAgent(RunningAgent.Site(connections: [wallbox.connect]))
        let charge = try await agent.api.push("charge")
        #expect(try await agent.api.end(of: charge)["state"] == .string("completed"))
        _ = try await agent.api.charger { $0["state.currentPower"] == .number(7.36) }
        // Later than the deadline of a second, three times.
        _ = try await wallbox.control.post(
            "/fault", #"{"fault": "delay", "milliseconds": 1300, "count": 3}"#)
        try await wait(until: "the faults are over", within: .seconds(30)) {
            try await wallbox.control.get("/").json["faults"] == .array([])
        }
        let idle = try await agent.api.push("idle")
        #expect(
            try await agent.api.end(of: idle, within: .seconds(30))["state"]
                == .string("completed"))
        let charger = try await agent.api.charger(within: .seconds(30)) {
            $0["state.currentPower"] == .number(0)
        }
        #expect(charger["state.maxCurrent"] == .number(32))
    }

    @Test func aSerialLineIsProbed() async throws {
        let wallbox = try await Wallbox("--serial", "pty")
        let found = try await ChildProcess.run(
            Programs.agent, ["probe", wallbox.connect], within: .seconds(60))
        #expect(found.code == 0, "\(found)")
        #expect(found.output.contains("this is reference-7kw"), "\(found.output)")
        let unset = try await ChildProcess.run(
            Programs.agent, ["probe", "serial://\(wallbox.path)"])
        #expect(unset.code == 1)
        #expect(unset.errors.contains("a serial line has to be set as the wallbox is"))
    }

    @Test func aSimulatorForOneClientRefusesTheSecond() async throws {
        let wallbox = try await Wallbox("--listen", "127.0.0.1:0", "--single-client")
        let port = try #require(Ports.all(in: wallbox.connect).first)
        let agent = try await RunningAgent(RunningAgent.Site(connections: [wallbox.connect]))
        _ = try await agent.api.charger { $0["state.isConnected"] == .bool(true) }
        #expect(try await Mbpoll.read(.input, 0, port: port) == [])
        agent.process.send(SIGTERM)
        _ = try await agent.process.exit(within: .seconds(10))
        try await wait(until: "the place is free") {
            try await Mbpoll.read(.input, 0, port: port) == [0x0701]
        }
    }

    @Test func whatIsWrongWithAPortIsLogged() async throws {
        let agent = try await RunningAgent(
            RunningAgent.Site(
                connections: ["serial:///dev/serial/by-id/none?baud=9600&parity=none"]))
        _ = try await agent.process.line(
            containing: "there is no /dev/serial/by-id/none; plug the adapter in")
    }

    @Test func aSecondProgramOnThePortIsToldSo() async throws {
        let wallbox = try await Wallbox("--serial", "pty")
        let first = try await RunningAgent(RunningAgent.Site(connections: [wallbox.connect]))
        _ = try await first.api.charger { $0["state.isConnected"] == .bool(true) }
        let second = try await RunningAgent(RunningAgent.Site(connections: [wallbox.connect]))
        _ = try await second.process.line(containing: "\(wallbox.path) is in use; end the program")
        // The first one does not notice.
        let charge = try await first.api.push("charge")
        #expect(try await first.api.end(of: charge)["state"] == .string("completed"))
    }
}
