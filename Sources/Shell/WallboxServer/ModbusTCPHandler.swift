import Glibc
import Logging
import NIOCore
import WallboxModel

/// One connection: cuts its bytes into frames, has them answered in order, and puts the answers on
/// the wire as the wire faults have it. It runs on the connection's event loop alone.
final class ModbusTCPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let wallbox: SharedWallbox
    /// Whether it was accepted only to be ignored.
    private let isHanging: Bool
    private let logger: Logger
    private var decoder = ModbusTCPDecoder()
    private var peer = "unknown"
    /// Answers that wait for the next one.
    private var held: [[UInt8]] = []
    /// Answers on their way; given up when the connection ends.
    private var scheduled: [Scheduled<Void>] = []

    /// More answers than this are not kept back for a client that does not read.
    private static let maximumScheduled = 4096

    init(_ wallbox: SharedWallbox, isHanging: Bool, logger: Logger) {
        self.wallbox = wallbox
        self.isHanging = isHanging
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        peer = context.channel.remoteAddress?.text ?? "unknown"
        logger.debug("connection from \(peer)\(isHanging ? ", ignored" : "")")
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        for task in scheduled { task.cancel() }
        scheduled = []
        logger.debug("connection from \(peer) ended")
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isHanging else { return }
        decoder.append(unwrapInboundIn(data).readableBytesView)
        while let unit = decoder.next() {
            switch unit {
            case .frame(let frame):
                for transmission in wallbox.answer(frame, to: peer) {
                    transmit(transmission, context)
                }
            case .foreign(let protocolID):
                logger.debug("passed over a frame of protocol \(protocolID) by \(peer)")
            case .unreadable(let length):
                logger.debug("closing the connection from \(peer): length field \(length)")
                context.close(promise: nil)
                return
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection from \(peer): \(error)")
        context.close(promise: nil)
    }

    private func transmit(_ transmission: Transmission, _ context: ChannelHandlerContext) {
        switch transmission {
        case .send(let bytes, let delay) where delay <= .zero:
            send(bytes, context.channel)
            for late in held { send(late, context.channel) }
            held = []
        case .send(let bytes, let delay):
            schedule(bytes, after: delay, context)
        case .hold(let bytes):
            held.append(bytes)
        case .close:
            context.close(promise: nil)
        case .reset:
            context.channel.reset()
        }
    }

    private func schedule(
        _ bytes: [UInt8], after delay: Duration, _ context: ChannelHandlerContext
    ) {
        guard scheduled.count < Self.maximumScheduled else {
            logger.warning("closing the connection from \(peer): too many late answers")
            context.close(promise: nil)
            return
        }
        let channel = context.channel
        let task = context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
        scheduled.append(task)
    }

    private func send(_ bytes: [UInt8], _ channel: any Channel) {
        guard channel.isWritable else {
            logger.warning("closing the connection from \(peer): it does not read its answers")
            channel.close(promise: nil)
            return
        }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }
}

extension Channel {
    /// Ends the connection with a reset (RST) instead of a proper close.
    func reset() {
        guard let options = self as? any SocketOptionProvider else {
            close(promise: nil)
            return
        }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
            self.close(promise: nil)
        }
    }
}

extension SocketAddress {
    /// Such as `127.0.0.1:5020`.
    var text: String {
        guard let ipAddress, let port else { return description }
        return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
