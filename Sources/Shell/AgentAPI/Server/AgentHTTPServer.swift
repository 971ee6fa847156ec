import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The agent's HTTP server: routes of Hummingbird behind the limits of ``HTTPLimits``.
///
/// On graceful shutdown it takes no more connections, ends the idle ones and gives requests under
/// way ``HTTPLimits/drain`` to end; then it closes every connection and cancels what still runs.
/// With the default of one second it ends in less than two, whatever its clients do.
package struct AgentHTTPServer<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    private let responder: Responder
    private let host: String
    private let port: Int
    private let serverName: String
    private let limits: HTTPLimits
    private let logger: Logger
    private let registry: ConnectionRegistry
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - host: address or name to listen on.
    ///   - port: TCP port; 0 lets the system choose one.
    ///   - serverName: value of the `Server` field of answers.
    ///   - onListening: called once with the port as soon as connections are accepted.
    package init(
        responder: Responder, host: String, port: Int, serverName: String = "evse-agent",
        limits: HTTPLimits = HTTPLimits(), logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.init(
            responder: responder, host: host, port: port, serverName: serverName, limits: limits,
            logger: logger, registry: ConnectionRegistry(limits: limits), onListening: onListening)
    }

    /// A server whose connections the caller can watch.
    init(
        responder: Responder, host: String, port: Int, serverName: String = "evse-agent",
        limits: HTTPLimits, logger: Logger, registry: ConnectionRegistry,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        self.responder = responder
        self.host = host
        self.port = port
        self.serverName = serverName
        self.limits = limits
        self.logger = logger
        self.registry = registry
        self.onListening = onListening
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: ``HTTPServerError`` when the address cannot be listened on.
    package func run() async throws {
        let application = Application(
            responder: responder,
            server: .guarded(limits: limits, registry: registry),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: serverName),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? port)
            },
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: limits.drain)
            }
            do {
                try await group.next()
            } catch let error as IOError {
                throw HTTPServerError(cannotListenOn: host, port: port, because: error)
            }
            registry.closeAll()
            group.cancelAll()
            // What a cancelled server or timer has to say is of no interest any more.
            while await group.nextResult() != nil {}
        }
    }

}

extension AgentHTTPServer {
    /// A server for the routes of a router.
    package init<Builder: HTTPResponderBuilder>(
        router: Builder, host: String, port: Int, serverName: String = "evse-agent",
        limits: HTTPLimits = HTTPLimits(), logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) where Builder.Responder == Responder {
        self.init(
            responder: router.buildResponder(), host: host, port: port, serverName: serverName,
            limits: limits, logger: logger, onListening: onListening)
    }
}
