import ChargeModel
import DeviceProfiles
import Logging
import Modbus
import ServiceLifecycle
import WallboxModel
import WallboxServer

/// One simulated wallbox on a serial line, and the services that keep it.
struct SerialSimulation {
    let line: SimulatedSerialLine
    /// The wallbox on it.
    let front: SerialWallboxFront
    private let control: ControlEndpoint?

    /// - Parameters:
    ///   - controlPort: Where its control endpoint listens on loopback; nil for none.
    /// - Throws: ``CommandFailure`` when it cannot open the port.
    init(
        _ wallbox: SimulatedWallbox, on port: SimulatedSerialLine.Port, controlPort: Int?,
        clock: any AgentClock, log: Logger,
        onControlListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        do throws(SimulatorError) {
            let line = try await SimulatedSerialLine.open(
                port, [wallbox], clock: clock, logger: log)
            self.line = line
            let front = SerialWallboxFront(line.wallboxes[0])
            self.front = front
            control = controlPort.map {
                ControlEndpoint(
                    for: front, port: $0, logger: log,
                    onListening: onControlListening)
            }
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    var services: [any Service] {
        control.map { [line, $0] } ?? [line]
    }
}
