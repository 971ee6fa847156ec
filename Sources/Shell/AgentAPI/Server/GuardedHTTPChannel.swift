import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// The HTTP/1.1 channel of the agent: Hummingbird's place for a protocol, with the limits of
/// ``HTTPLimits`` held before anything reaches the routes.
///
/// ```
/// socket - ConnectionGuard - encoder/parser - pipeline handler - RequestAssembler - routes
///          bytes, deadlines                    one at a time       heads and bodies
/// ```
struct GuardedHTTPChannel: ServerChildChannel {
    typealias Value = NIOAsyncChannel<ReceivedRequest, HTTPResponsePart>

    let limits: HTTPLimits
    let registry: ConnectionRegistry
    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            do {
                try Self.bound(channel, by: limits)
                let source = SourceAddress(channel)
                if registry.admit(channel, from: source, at: channel.eventLoop.now) {
                    try Self.addHandlers(to: channel, limits: limits, registry: registry)
                } else {
                    logger.debug("no place for a connection", metadata: ["source": "\(source)"])
                    try channel.pipeline.syncOperations.addHandler(RefusingHandler())
                }
                let value = try Value(wrappingChannelSynchronously: channel)
                // A server that is being shut down drops what it accepts last, and the writer of an
                // unserved channel must not go before the channel has closed: NIO traps.
                channel.closeFuture.whenComplete { _ in withExtendedLifetime(value) {} }
                // Nor does it ever make active what it drops, so that nothing else would close it.
                if registry.isClosed { channel.close(promise: nil) }
                return value
            } catch {
                // The bootstrap leaves a channel open whose set-up failed.
                channel.close(promise: nil)
                throw error
            }
        }
    }

    /// Serves one connection. Its requests are cancelled when it closes, so that an event stream
    /// whose client has gone does not wait for the next event.
    func handle(value: Value, logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await serve(value, logger: logger) }
            group.addTask { await value.channel.closed() }
            await group.next()
            group.cancelAll()
        }
    }

    private func serve(_ connection: Value, logger: Logger) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                for try await received in inbound {
                    try await responder(
                        received.request, ResponseWriter(outbound: outbound), connection.channel)
                }
            }
        } catch {
            logger.debug("connection ended", metadata: ["reason": "\(error)"])
        }
    }

    /// The handlers of one connection, the nearest to the socket first.
    static func addHandlers(
        to channel: any Channel, limits: HTTPLimits, registry: ConnectionRegistry
    ) throws {
        var parserLimits = NIOHTTPDecoderLimitConfiguration()
        parserLimits.maxHeaderFieldSize = limits.headerBytes
        parserLimits.maxHeaderListSize = limits.headerBytes
        parserLimits.maxHeaderFieldCount = limits.headerFields
        let connection = ConnectionGuard(limits: limits, registry: registry)
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: true,
            withErrorHandling: false,
            withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: parserLimits)
        try channel.pipeline.syncOperations.addHandler(
            RequestAssembler(limits: limits, connection: connection))
    }

    /// Bounds what the kernel and NIO hold for a connection.
    private static func bound(_ channel: any Channel, by limits: HTTPLimits) throws {
        guard let options = channel.syncOptions else { return }
        // One small read at a time: what a client sends ahead stays in the kernel.
        try options.setOption(.maxMessagesPerRead, value: 1)
        try options.setOption(
            .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8 * 1024))
        try options.setOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
        try options.setOption(.socketOption(.so_sndbuf), value: 64 * 1024)
        #if os(Linux)
            // A client that has lost its power acknowledges nothing, and must not hold its place.
            let milliseconds = limits.stalledWrite.components.seconds * 1000
            try options.setOption(
                ChannelOptions.Types.SocketOption(
                    level: .tcp, name: .init(rawValue: TCP_USER_TIMEOUT)),
                value: .init(clamping: milliseconds))
        #endif
    }
}

extension Channel {
    /// Waits until the channel has closed. Its close future never fails.
    fileprivate func closed() async {
        await withCheckedContinuation { continuation in
            closeFuture.whenComplete { _ in continuation.resume() }
        }
    }
}

/// The pipeline of a connection there is no place for: one bare answer, then the end.
private final class RefusingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        let answer = BareAnswer.serviceUnavailable.buffer
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Not even looked at.
    }
}

extension HTTPServerBuilder {
    /// An HTTP/1.1 server within limits; its connections are known to the registry.
    static func guarded(limits: HTTPLimits, registry: ConnectionRegistry) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            GuardedHTTPChannel(limits: limits, registry: registry, responder: responder)
        }
    }
}
