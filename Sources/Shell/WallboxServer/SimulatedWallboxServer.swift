import ChargeModel
import DeviceProfiles
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import WallboxModel

/// A simulated wallbox on a real socket: a Modbus TCP server with framing of its own, so that
/// libmodbus on the other side has an independent witness.
///
/// This target owns the simulator's wires: Modbus over TCP, serial lines and the HTTP control
/// endpoint. What the
/// wallbox and the wire faults do is decided in `WallboxModel`; nothing is decided here.
package actor SimulatedWallboxServer: Service, WallboxFront {
    package struct Configuration: Hashable, Sendable {
        package var host = "127.0.0.1"
        /// 0 lets the system choose.
        package var port = 0
        /// Further connections are reset as soon as they are accepted; many boxes bear one.
        package var maximumConnections = 8
        package var framing = Framing.tcp

        package init() {}
    }

    /// How its frames look.
    package enum Framing: String, Hashable, Sendable, CaseIterable {
        /// With the header of Modbus TCP.
        case tcp
        /// As on a serial line, which is what some gateways pass on.
        case rtu
    }

    /// The wallbox that it serves.
    package nonisolated let wallbox: SharedWallbox
    /// The port that it listens on, chosen by the system where the configuration says 0.
    package nonisolated let port: Int
    package nonisolated let host: String

    private let connections: ServerConnections
    private let framing: Framing
    private let logger: Logger
    private var listener: (any Channel)?
    private var isReconciling = false
    private var isShutDown = false
    private let shutdownRequests: AsyncStream<Never>
    private let shutdown: AsyncStream<Never>.Continuation

    /// Listens and serves from now on, until ``run()`` ends or ``close()`` is called.
    ///
    /// - Parameter clock: The time in which the wallbox lives. Wire faults delay in real time.
    package static func listen(
        _ wallbox: SimulatedWallbox, configuration: Configuration = Configuration(),
        clock: any AgentClock, logger: Logger
    ) async throws(SimulatorError) -> SimulatedWallboxServer {
        let shared = SharedWallbox(wallbox, clock: clock, logger: logger)
        let connections = ServerConnections(limit: configuration.maximumConnections)
        let listener = try await Self.bind(
            shared, connections, host: configuration.host, port: configuration.port,
            configuration.framing, logger)
        return SimulatedWallboxServer(
            shared, connections, listener: listener, configuration, logger)
    }

    private init(
        _ wallbox: SharedWallbox, _ connections: ServerConnections, listener: any Channel,
        _ configuration: Configuration, _ logger: Logger
    ) {
        self.wallbox = wallbox
        self.connections = connections
        framing = configuration.framing
        self.listener = listener
        self.logger = logger
        host = configuration.host
        port = listener.localAddress?.port ?? configuration.port
        (shutdownRequests, shutdown) = AsyncStream.makeStream()
    }

    /// How many connections are open.
    package nonisolated var connectionCount: Int { connections.count }

    package nonisolated var medium: FaultMedia { framing == .tcp ? .tcp : .rtuOverTCP }

    // MARK: - Life

    /// Serves until the task is cancelled or a graceful shutdown begins, then closes everything.
    package func run() async throws {
        logger.info(
            "simulated \(wallbox.wallbox.profile.title) listens",
            metadata: ["address": "\(host):\(port)", "unit": "\(wallbox.wallbox.unit)"])
        let shutdown = shutdown
        await withTaskCancellationOrGracefulShutdownHandler {
            for await _ in shutdownRequests {}
        } onCancelOrGracefulShutdown: {
            shutdown.finish()
        }
        try await close()
    }

    /// Closes the listener and every connection, and waits until they are closed.
    package func close() async throws {
        isShutDown = true
        shutdown.finish()
        try await reconcileListener()
        try await connections.closeAll()
    }

    // MARK: - Wire faults

    /// Puts these faults on the wire instead of those before, from the next request on.
    ///
    /// Takes effect on the listener before it returns: a wallbox that refuses has closed it.
    package func setWireFaults(
        _ rules: [WireFaultRule], seed: UInt64 = 1
    ) async throws(SimulatorError) {
        guard !isShutDown else { throw .shutDown }
        wallbox.setWireFaults(WireFaultPlan(rules, seed: seed))
        try await reconcileListener()
    }

    /// Adds a fault to those on the wire, which go on where they are.
    package func addWireFault(_ rule: WireFaultRule) async throws(SimulatorError) {
        guard !isShutDown else { throw .shutDown }
        wallbox.addWireFault(rule)
        try await reconcileListener()
    }

    private var wantsListener: Bool { !isShutDown && !wallbox.wireFaults.isStanding(.refuse) }

    /// Opens or closes the listener until it is as it should be. A call that comes while another
    /// is at it leaves the work to that one, which looks again after every step.
    private func reconcileListener() async throws(SimulatorError) {
        guard !isReconciling else { return }
        isReconciling = true
        defer { isReconciling = false }
        while wantsListener != (listener != nil) {
            if let open = listener {
                listener = nil
                open.close(promise: nil)
                await open.ended()
                if !isShutDown { connections.resetAll() }
            } else {
                listener = try await Self.bind(
                    wallbox, connections, host: host, port: port, framing, logger)
            }
        }
    }

    // MARK: - Listening

    private static func bind(
        _ wallbox: SharedWallbox, _ connections: ServerConnections, host: String, port: Int,
        _ framing: Framing, _ logger: Logger
    ) async throws(SimulatorError) -> any Channel {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let faults = wallbox.wireFaults
                    guard connections.admit(channel, isOnly: faults.isStanding(.singleClient))
                    else {
                        logger.debug("one connection too many: reset")
                        channel.reset()
                        return
                    }
                    let isHanging = faults.isStanding(.hangOnAccept)
                    switch framing {
                    case .tcp:
                        try channel.pipeline.syncOperations.addHandler(
                            ModbusTCPHandler(wallbox, isHanging: isHanging, logger: logger))
                    case .rtu:
                        try channel.pipeline.syncOperations.addHandler(
                            ModbusRTUHandler(wallbox, isHanging: isHanging, logger: logger))
                    }
                }
            }
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch {
            throw SimulatorError(error, listeningAt: "\(host):\(port)")
        }
    }
}

extension Channel {
    /// Waits until the channel is closed.
    fileprivate func ended() async {
        await withCheckedContinuation { continuation in
            closeFuture.whenComplete { _ in continuation.resume() }
        }
    }
}

extension SimulatorError {
    init(_ error: any Error, listeningAt address: String) {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            self = .addressInUse(address)
        } else {
            self = .cannotListen(address, reason: "\(error)")
        }
    }
}
