import CLinux
import ChargeModel
import DeviceProfiles
import Glibc
import Logging
import Modbus
import NIOCore
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

    private let channel: any Channel
    /// Keeps a pseudo-terminal alive when its master closes it; nil for a device.
    private let terminal: Int32?
    private var isClosed = false
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
        let ends = try Ends(port)
        do {
            let channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            ModbusRTUHandler(
                                shared, peer: ends.path, isConnection: false, logger: logger))
                    }
                }
                .takingOwnershipOfDescriptor(inputOutput: ends.line).get()
            return SimulatedSerialLine(shared, channel, ends, logger)
        } catch {
            ends.close()
            throw .cannotListen(ends.path, reason: "\(error)")
        }
    }

    private init(
        _ wallboxes: [SharedWallbox], _ channel: any Channel, _ ends: Ends, _ logger: Logger
    ) {
        self.wallboxes = wallboxes
        self.channel = channel
        path = ends.path
        terminal = ends.terminal
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

    /// Closes the line and waits until it is closed; a pseudo-terminal is gone then.
    package func close() async throws {
        shutdown.finish()
        guard !isClosed else { return }
        isClosed = true
        channel.close(promise: nil)
        do {
            try await channel.closeFuture.get()
        } catch {
            logger.debug("closing \(path): \(error)")
        }
        if let terminal { Glibc.close(terminal) }
    }

    // MARK: - Ports

    private struct Ends {
        var line: Int32
        var terminal: Int32?
        var path: String

        init(_ port: Port) throws(SimulatorError) {
            switch port {
            case .pseudoTerminal:
                var name = [CChar](repeating: 0, count: 64)
                line = evse_open_pty(&name, name.count)
                guard line >= 0 else {
                    throw .cannotListen("a pseudo-terminal", reason: Self.reason(errno))
                }
                path = String(
                    decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                let terminal = Glibc.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
                guard terminal >= 0 else {
                    let code = errno
                    Glibc.close(line)
                    throw .cannotListen(path, reason: Self.reason(code))
                }
                self.terminal = terminal
            case .device(let path, let settings):
                self.path = path
                let parity: Character =
                    switch settings.parity {
                    case .none: "N"
                    case .even: "E"
                    case .odd: "O"
                    }
                line = evse_open_serial(
                    path, Int32(settings.baud), CChar(bitPattern: parity.asciiValue ?? 0),
                    Int32(settings.stopBits))
                guard line >= 0 else {
                    throw errno == EAGAIN
                        ? .addressInUse(path) : .cannotListen(path, reason: Self.reason(errno))
                }
            }
        }

        func close() {
            Glibc.close(line)
            if let terminal { Glibc.close(terminal) }
        }

        private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
    }
}
