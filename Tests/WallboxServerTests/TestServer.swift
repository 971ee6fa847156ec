import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Logging
import Modbus
import Testing
import WallboxModel
import WallboxServer

/// A simulated wallbox on a port of its own, in a time that stands still.
struct TestServer {
    let server: SimulatedWallboxServer
    let clock: StandingClock
    var port: Int { server.port }

    /// Serves for as long as the body runs.
    static func run<Result: Sendable>(
        _ device: String = "reference-7kw", maximumConnections: Int = 8,
        framing: SimulatedWallboxServer.Framing = .tcp,
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let clock = StandingClock()
        var configuration = SimulatedWallboxServer.Configuration()
        configuration.maximumConnections = maximumConnections
        configuration.framing = framing
        let wallbox = SimulatedWallbox(
            profile: try DeviceFile.profile(device), at: clock.now().monotonic)
        let server = try await SimulatedWallboxServer.listen(
            wallbox, configuration: configuration, clock: clock, logger: .silent)
        do {
            let result = try await body(TestServer(server: server, clock: clock))
            try await server.close()
            return result
        } catch {
            try await server.close()
            throw error
        }
    }
}

extension Logger {
    /// Logs nothing.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension ModbusTCPFrame {
    /// The request of an operation.
    init(_ id: UInt16, unit: UInt8 = 1, _ operation: ModbusOperation) {
        self.init(transactionID: id, unit: unit, pdu: PDU.encode(operation))
    }

    /// Reads the pilot register of the reference wallbox: 1 while no vehicle is there.
    static func readPilot(_ id: UInt16, unit: UInt8 = 1) -> ModbusTCPFrame {
        ModbusTCPFrame(id, unit: unit, .readInputRegisters(address: 32, count: 1))
    }

    /// The answer to ``readPilot(_:unit:)``.
    static func pilot(_ id: UInt16, _ value: UInt8 = 1) -> ModbusTCPFrame {
        ModbusTCPFrame(transactionID: id, unit: 1, pdu: [0x04, 2, 0, value])
    }
}

extension RawConnection {
    func send(_ frame: ModbusTCPFrame) async throws {
        try await send(frame.bytes)
    }

    /// Expects exactly the bytes of a frame.
    mutating func expect(
        _ frame: ModbusTCPFrame, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let bytes = try await receive(frame.bytes.count)
        #expect(bytes == frame.bytes, sourceLocation: sourceLocation)
    }
}
