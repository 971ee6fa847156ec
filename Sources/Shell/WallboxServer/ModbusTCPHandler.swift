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
    private let transmitter = Transmitter()

    init(_ wallbox: SharedWallbox, isHanging: Bool, logger: Logger) {
        self.wallbox = wallbox
        self.isHanging = isHanging
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        peer = context.channel.remoteAddress?.text ?? "unknown"
        logger.debug("connection from \(peer)\(isHanging ? ", ignored" : "")")
        if !isHanging { wallbox.update { $0.connectionOpened(at: $1) } }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        transmitter.end()
        logger.debug("connection from \(peer) ended")
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isHanging, !transmitter.isDeaf else { return }
        decoder.append(unwrapInboundIn(data).readableBytesView)
        while !transmitter.isDeaf, let unit = decoder.next() {
            switch unit {
            case .frame(let frame):
                for transmission in wallbox.answer(frame, to: peer) {
                    transmitter.transmit(
                        transmission, to: ConnectionSink(channel: context.channel, logger: logger))
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
}
