import ChargeModel
import DeviceProfiles
import Logging
import Modbus
import NIOPosix
import ServiceLifecycle
import WallboxModel

/// Simulated wallboxes on one serial line: RTU slaves with framing of their own, on a port of this
/// computer or behind a pseudo-terminal that stands for one.
package actor SimulatedSerialLine: Service {
    package enum Port: Hashable, Sendable {
        /// Made anew; whoever opens its ``SimulatedSerialLine/path`` is the master.
        case pseudoTerminal
        /// Such as `/dev/ttyUSB1`.
        case device(String, SerialSettings)
    }

    /// The wallboxes on the line, each with a unit id of its own.
    package nonisolated let wallboxes: [SharedWallbox]
    /// What a master opens, or the port that is used.
    package nonisolated let path: String

    private let descriptor: SerialDescriptor
    private let logger: Logger
    private let shutdownRequests: AsyncStream<Never>
    private let shutdown: AsyncStream<Never>.Continuation

    /// Opens the port and serves from now on, until ``run()`` ends or ``close()`` is called.
    ///
    /// - Parameter clock: The time in which the wallboxes live. Wire faults delay in real time.
    package static func open(
        _ port: Port, _ wallboxes: [SimulatedWallbox], clock: any AgentClock, logger: Logger
    ) async throws(SimulatorError) -> SimulatedSerialLine {
        let shared = wallboxes.map { SharedWallbox($0, clock: clock, logger: logger) }
        let descriptor = try SerialDescriptor(
            port, on: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        descriptor.serve { ModbusRTUSlaves(shared, logger: logger) }
        return SimulatedSerialLine(shared, descriptor, logger)
    }

    private init(
        _ wallboxes: [SharedWallbox], _ descriptor: SerialDescriptor, _ logger: Logger
    ) {
        self.wallboxes = wallboxes
        self.descriptor = descriptor
        path = descriptor.path
        self.logger = logger
        (shutdownRequests, shutdown) = AsyncStream.makeStream()
    }

    /// Serves until the task is cancelled or a graceful shutdown begins, then closes the line.
    package func run() async throws {
        for wallbox in wallboxes {
            logger.info(
                "simulated \(wallbox.wallbox.profile.title) listens",
                metadata: ["address": "\(path)", "unit": "\(wallbox.wallbox.unit)"])
        }
        let shutdown = shutdown
        await withTaskCancellationOrGracefulShutdownHandler {
            for await _ in shutdownRequests {}
        } onCancelOrGracefulShutdown: {
            shutdown.finish()
        }
        try await close()
    }

    /// Closes the line; a pseudo-terminal is gone then.
    package func close() async throws {
        shutdown.finish()
        try await descriptor.close()
    }
}
