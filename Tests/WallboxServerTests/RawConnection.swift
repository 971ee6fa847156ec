import Glibc
import NIOCore
import NIOPosix

/// A TCP connection, or the master's side of a serial line, that sends exactly the bytes that a test gives it.
struct RawConnection {
    struct Ended: Error {}

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received: [UInt8] = []

    /// Opens a connection for as long as the body runs.
    static func open<Result: Sendable>(
        port: Int, _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    /// Opens a terminal for as long as the body runs.
    static func open<Result: Sendable>(
        terminal: String, _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let descriptor = Glibc.open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Ended() }
        let channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .takingOwnershipOfDescriptor(inputOutput: descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    func send(_ bytes: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Exactly so many bytes.
    mutating func receive(_ count: Int) async throws -> [UInt8] {
        while received.count < count {
            guard let buffer = try await inbound.next(isolation: #isolation) else { throw Ended() }
            received += Array(buffer.readableBytesView)
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// Waits for the other side to end the connection; what comes before that is the result.
    mutating func receiveToEnd() async -> [UInt8] {
        do {
            while let buffer = try await inbound.next(isolation: #isolation) {
                received += Array(buffer.readableBytesView)
            }
        } catch {
            // A reset ends it as well as a close does.
        }
        return received
    }
}
