import AgentTestSupport
import ChargeModel
import DeviceProfiles
import LibmodbusBus
import Logging
import Modbus
import WallboxModel
import WallboxServer

/// The wires on which faults are played.
enum Wire: String, CaseIterable, Sendable {
    case tcp
    case gateway = "rtu+tcp"
    case serial

    var medium: FaultMedia {
        switch self {
        case .tcp: .tcp
        case .gateway: .rtuOverTCP
        case .serial: .serial
        }
    }
}

/// A simulated wallbox on a real wire, in a time that stands until it is moved.
struct PlayedWallbox: Sendable {
    let front: any WallboxFront
    let clock: StandingClock
    let profile: DeviceProfile
    private let place: Place

    private enum Place: Sendable {
        case port(UInt16)
        case gateway(UInt16)
        case terminal(String)
    }

    /// Serves for as long as the body runs.
    static func run<Result: Sendable>(
        _ wire: Wire, device: String = "reference-7kw", vehicle: Vehicle? = nil,
        _ body: (PlayedWallbox) async throws -> Result
    ) async throws -> Result {
        await BenchRoom.shared.enter()
        do {
            let result = try await serve(wire, device, vehicle, body)
            await BenchRoom.shared.leave()
            return result
        } catch {
            await BenchRoom.shared.leave()
            throw error
        }
    }

    private static func serve<Result: Sendable>(
        _ wire: Wire, _ device: String, _ vehicle: Vehicle?,
        _ body: (PlayedWallbox) async throws -> Result
    ) async throws -> Result {
        let clock = StandingClock()
        let profile = try ProfileFolder.profile(device)
        var box = SimulatedWallbox(profile: profile, at: clock.now().monotonic)
        if let vehicle { box.plug(vehicle, at: clock.now().monotonic) }
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        if wire == .serial {
            let line = try await SimulatedSerialLine.open(
                .pseudoTerminal, [box], clock: clock, logger: log)
            let played = PlayedWallbox(
                front: SerialWallboxFront(line.wallboxes[0]), clock: clock, profile: profile,
                place: .terminal(line.path))
            return try await ending({ try await line.close() }) { try await body(played) }
        }
        var configuration = SimulatedWallboxServer.Configuration()
        configuration.framing = wire == .tcp ? .tcp : .rtu
        let server = try await SimulatedWallboxServer.listen(
            box, configuration: configuration, clock: clock, logger: log)
        let port = UInt16(server.port)
        let played = PlayedWallbox(
            front: server, clock: clock, profile: profile,
            place: wire == .tcp ? .port(port) : .gateway(port))
        return try await ending({ try await server.close() }) { try await body(played) }
    }

    private static func ending<Result: Sendable>(
        _ end: () async throws -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body()
            try await end()
            return result
        } catch {
            try await end()
            throw error
        }
    }

    /// The agent's adapter for this wire.
    func bus() -> any ModbusBus {
        var timing = LibmodbusRTUBus.Timing()
        timing.reconnectFloor = .zero
        timing.settling = .zero
        switch place {
        case .port(let port):
            return LibmodbusTCPBus(host: "127.0.0.1", port: port, reconnectFloor: .zero)
        case .gateway(let port):
            return LibmodbusRTUBus(.tcp(host: "127.0.0.1", port: port), timing: timing)
        case .terminal(let path):
            let port = SerialPort(path: path, settings: SerialSettings(baud: 115_200))
            return LibmodbusRTUBus(.serial(port), timing: timing)
        }
    }

    /// libmodbus alone; nil on a wire that it does not know.
    func stockClient() -> StockClient? {
        switch place {
        case .port(let port): StockClient(port: port)
        case .gateway: nil
        case .terminal(let path): StockClient(path: path)
        }
    }

    /// Keeps a connection open; nil where there are none.
    func occupant() throws -> Int32? {
        switch place {
        case .port(let port), .gateway(let port): try LoopbackSocket.beginConnecting(to: port)
        case .terminal: nil
        }
    }
}
