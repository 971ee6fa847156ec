import AgentTestSupport
import Foundation
import Testing

/// How the program ends: in time, with the right exit code, and with one clear line when it cannot
/// begin.
@Suite(.timeLimit(.minutes(1)))
struct EndingTests {
    /// Until then it has ended, with clients of every stubborn kind; a server that waits for them
    /// does not. That it takes less than two seconds, `scripts/bench --only end` shows.
    private static let bound = Duration.seconds(10)

    @Test(arguments: [SIGINT, SIGTERM])
    func theDemoEndsInTimeWhateverItsClientsDo(signal: Int32) async throws {
        let demo = try await RunningDemo()
        let clients = try await stubbornClients(of: demo.api)
        let exit = try await demo.process.end(signal, within: Self.bound)
        #expect(exit.code == 0)
        #expect(exit.errors == "")
        for client in clients { #expect(await client.isClosed()) }
    }

    @Test("R04 an agent that ends leaves its wallbox at min(last limit, safe current)")
    func r04_theWallboxIsLeftAtTheSafeCurrent() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        let action = try await agent.api.push("charge")
        #expect(try await agent.api.end(of: action)["state"] == .string("completed"))
        #expect(try await wallbox.control.setpoint == 32_000)
        let clients = try await stubbornClients(of: agent.api)
        let exit = try await agent.process.end(SIGTERM, within: Self.bound)
        #expect(exit.code == 0)
        #expect(try await wallbox.control.setpoint == 6_000)
        for client in clients { #expect(await client.isClosed()) }
    }

    @Test func theSimulatorEndsInTime() async throws {
        let wallbox = try await RunningWallbox()
        #expect(try await Mbpoll.read(.holding, 0, port: wallbox.port).count == 1)
        let client = try await RawHTTPClient(port: wallbox.control.port)
        let exit = try await wallbox.process.end(SIGINT, within: Self.bound)
        #expect(exit.code == 0)
        #expect(await client.isClosed())
    }

    /// Clients that watch, that send no more, and that do nothing.
    private func stubbornClients(of api: APIClient) async throws -> [RawHTTPClient] {
        var clients = [
            try await api.events(), try await api.events("/ev-charger/device_ev_001/events"),
        ]
        let halfABody = try await RawHTTPClient(port: api.port)
        try await halfABody.send(
            "POST /ev-charger/device_ev_001 HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: "
                + "\(api.key ?? "")\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
                + #"{"action":"#)
        let halfAHead = try await RawHTTPClient(port: api.port)
        try await halfAHead.send("GET /ev-charger HTTP/1.1\r\nHost: 127")
        let silent = try await RawHTTPClient(port: api.port)
        clients += [halfABody, halfAHead, silent]
        return clients
    }

    // MARK: - Ports that are taken

    @Test func aTakenPortOfTheAPIIsOneLine() async throws {
        let taken = try LoopbackSocket.listen()
        defer { close(taken.descriptor) }
        let scratch = try Scratch()
        try await expectOneLine(
            about: taken.port,
            from: [
                "demo", "--listen", "127.0.0.1:\(taken.port)", "--modbus-port", "0",
                "--state-dir", scratch.path("state"),
            ])
    }

    @Test func aTakenPortOfTheFirstWallboxIsOneLine() async throws {
        let taken = try LoopbackSocket.listen()
        defer { close(taken.descriptor) }
        let scratch = try Scratch()
        try await expectOneLine(
            about: taken.port,
            from: [
                "demo", "--listen", "127.0.0.1:0", "--modbus-port", "\(taken.port)",
                "--state-dir", scratch.path("state"),
            ])
        try await expectOneLine(
            about: taken.port,
            from: ["simulate", "reference-7kw", "--listen", "127.0.0.1:\(taken.port)"])
    }

    @Test func aTakenControlPortIsOneLine() async throws {
        let taken = try LoopbackSocket.listen()
        defer { close(taken.descriptor) }
        try await expectOneLine(
            about: taken.port,
            from: [
                "simulate", "reference-7kw", "--listen", "127.0.0.1:0", "--control",
                "127.0.0.1:\(taken.port)", "--log-level", "error",
            ], telling: 2)
    }

    @Test func aSecondAgentOnTheSameStateIsRefused() async throws {
        let demo = try await RunningDemo()
        let second = try await ChildProcess.run(
            Programs.agent,
            [
                "demo", "--listen", "127.0.0.1:0", "--modbus-port", "0", "--state-dir",
                demo.stateDirectory,
            ])
        #expect(second.code == 1)
        #expect(second.errors.contains(demo.stateDirectory))
        #expect(second.errors.split(separator: "\n").count == 1)
        #expect(try await demo.api.get("/ev-charger").status == 200)
    }

    /// - Parameter lines: How many lines may be on standard error at most; the last is the complaint.
    private func expectOneLine(
        about port: UInt16, from arguments: [String], telling lines: Int = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let exit = try await ChildProcess.run(Programs.agent, arguments)
        #expect(exit.code == 1, sourceLocation: sourceLocation)
        let told = exit.errors.split(separator: "\n")
        #expect(told.count <= lines, "\(exit.errors)", sourceLocation: sourceLocation)
        let complaint = try #require(told.last, sourceLocation: sourceLocation)
        #expect(complaint.contains("\(port)"), "\(complaint)", sourceLocation: sourceLocation)
        #expect(complaint.contains("in use"), "\(complaint)", sourceLocation: sourceLocation)
    }
}
