import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Logging
import Modbus
import ServiceLifecycle
import Testing
import WallboxModel
import WallboxServer

/// Starting and stopping.
@Suite(.timeLimit(.minutes(2))) struct LifecycleTests {
    private func listen(port: Int = 0) async throws -> SimulatedWallboxServer {
        let clock = StandingClock()
        var configuration = SimulatedWallboxServer.Configuration()
        configuration.port = port
        return try await SimulatedWallboxServer.listen(
            SimulatedWallbox(
                profile: try DeviceFile.profile("reference-7kw"), at: clock.now().monotonic),
            configuration: configuration, clock: clock, logger: .silent)
    }

    @Test func aPortInUseIsNamed() async throws {
        try await TestServer.run { test in
            let error = await #expect(throws: SimulatorError.self) {
                try await self.listen(port: test.port)
            }
            #expect(error == .addressInUse("127.0.0.1:\(test.port)"))
            let message = error.map { "\($0)" } ?? ""
            #expect(message.contains("127.0.0.1:\(test.port) is in use"))
            let endpoint = ControlEndpoint(for: test.server, port: test.port, logger: .silent)
            await #expect(throws: SimulatorError.addressInUse("127.0.0.1:\(test.port)")) {
                try await endpoint.run()
            }
        }
    }

    @Test func aGracefulShutdownWaitsForNoClient() async throws {
        let server = try await listen()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let endpoint = ControlEndpoint(for: server, logger: .silent) { announce.yield($0) }
        let group = ServiceGroup(services: [server, endpoint], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let controlPort = try #require(await ports.first { _ in true })
            try await RawConnection.open(port: server.port) { modbus in
                try await modbus.send(.readPilot(1))
                try await modbus.expect(.pilot(1))
                try await RawConnection.open(port: controlPort) { idle in
                    try await idle.send(
                        Array("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8))
                    #expect(try await idle.receive(12) == Array("HTTP/1.1 200".utf8))
                    let start = ContinuousClock.now
                    await group.triggerGracefulShutdown()
                    #expect(await modbus.receiveToEnd() == [])
                    _ = await idle.receiveToEnd()
                    try await tasks.waitForAll()
                    // It takes milliseconds; the bound leaves room for a busy machine, and none
                    // for a shutdown that waits for the clients.
                    #expect(ContinuousClock.now - start < .seconds(5))
                }
            }
        }
        #expect(server.connectionCount == 0)
        let again = try await listen(port: server.port)
        try await again.close()
    }

    @Test func cancellationEndsItToo() async throws {
        let server = try await listen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await RawConnection.open(port: server.port) { connection in
                try await connection.send(.readPilot(1))
                try await connection.expect(.pilot(1))
                group.cancelAll()
                #expect(await connection.receiveToEnd() == [])
            }
            try await group.waitForAll()
        }
        await #expect(throws: SimulatorError.shutDown) { try await server.setWireFaults([]) }
    }
}
