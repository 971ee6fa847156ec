import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The simulator's control endpoint: plain HTTP, through which people and tests plug vehicles in,
/// break things and look behind the registers. It listens on loopback only and asks for no key.
///
/// | request         | what it does                                                             |
/// | --------------- | ------------------------------------------------------------------------ |
/// | `GET /`         | what the wallbox physically is and does                                  |
/// | `GET /writes`   | the last register writes, oldest first; `?limit=N` for the last N        |
/// | `POST /plug`    | plugs a vehicle in, see ``VehicleRequest``                               |
/// | `POST /vehicle` | changes the plugged vehicle, field by field                              |
/// | `POST /unplug`  | unplugs it                                                               |
/// | `POST /reboot`  | takes the supply away for a moment                                       |
/// | `POST /replace` | puts another wallbox in its place: `{"serial": "10000002"}`              |
/// | `POST /fault`   | adds a fault, see ``FaultRequest``; `{"fault": "none"}` ends all of them |
///
/// Every `POST` answers with what `GET /` does.
package struct ControlEndpoint: Service {
    /// The only address that it ever listens on.
    package static let host = "127.0.0.1"

    private let server: any WallboxFront
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - onListening: Is told the port once it listens.
    package init(
        for server: any WallboxFront, port: Int = 0, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.server = server
        self.port = port
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or a graceful shutdown begins.
    ///
    /// - Throws: ``SimulatorError`` when it cannot listen.
    package func run() async throws {
        let onListening = onListening
        let port = port
        let application = Application(
            router: ControlRoutes(server).router,
            configuration: ApplicationConfiguration(
                address: .hostname(Self.host, port: port), serverName: "wallbox-simulator"),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? port)
            },
            logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw SimulatorError(error, listeningAt: "\(Self.host):\(port)")
        }
    }
}
