import ChargeModel
import DeviceProfiles
import Logging
import ServiceLifecycle
import WallboxModel
import WallboxServer

/// One simulated wallbox that listens, and the services that keep it.
struct Simulation {
    let server: SimulatedWallboxServer
    private let control: ControlEndpoint?

    /// What of a TCP server is not always the same.
    struct Manner {
        var framing = SimulatedWallboxServer.Framing.tcp
        /// A second client is refused as long as the first is there.
        var isSingleClient = false
    }

    /// - Parameters:
    ///   - controlPort: Where its control endpoint listens on loopback; nil for none.
    ///   - vehicle: Plugged in from the start; nil for none.
    /// - Throws: ``CommandFailure`` when it cannot listen.
    init(
        _ profile: DeviceProfile, options: WallboxOptions = WallboxOptions(), unit: UInt8? = nil,
        listen: ListenAddress, manner: Manner = Manner(), controlPort: Int?, vehicle: Vehicle?,
        clock: any AgentClock,
        log: Logger,
        onControlListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        let now = clock.now().monotonic
        var wallbox = SimulatedWallbox(profile: profile, options: options, unit: unit, at: now)
        if let vehicle { wallbox.plug(vehicle, at: now) }
        var configuration = SimulatedWallboxServer.Configuration()
        configuration.host = listen.host
        configuration.port = listen.port
        configuration.framing = manner.framing
        if manner.isSingleClient || profile.link.isSingleConnection {
            configuration.maximumConnections = 1
        }
        do throws(SimulatorError) {
            let server = try await SimulatedWallboxServer.listen(
                wallbox, configuration: configuration, clock: clock, logger: log)
            self.server = server
            control = controlPort.map {
                ControlEndpoint(
                    for: server, port: $0, logger: log, onListening: onControlListening)
            }
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    var services: [any Service] {
        control.map { [server, $0] } ?? [server]
    }
}
