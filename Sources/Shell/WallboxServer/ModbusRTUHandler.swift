import Logging
import NIOCore
import WallboxModel

/// One line with RTU frames, serial or a connection: cuts its bytes into requests and has them
/// answered by whichever of its wallboxes they are for. It runs on the line's event loop alone.
///
/// As the guide demands (V1.02, clauses 2.2 and 2.4.2) a slave is silent to other units and to every
/// frame that is broken.
final class ModbusRTUHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let wallboxes: [SharedWallbox]
    /// How the other end is named in the log of writes.
    private let peer: String?
    private let isHanging: Bool
    private let logger: Logger
    private let transmitter: Transmitter
    private var decoder = ModbusRTUDecoder()
    private var silence: Scheduled<Void>?

    /// How long nothing comes between two frames. The guide says 3.5 characters; a program is not
    /// woken so exactly, and no master of ours is back sooner after a broken frame.
    static let frameGap = TimeAmount.milliseconds(20)

    init(
        _ wallboxes: [SharedWallbox], peer: String? = nil, isConnection: Bool,
        isHanging: Bool = false, logger: Logger
    ) {
        self.wallboxes = wallboxes
        self.peer = peer
        self.isHanging = isHanging
        self.logger = logger
        transmitter = Transmitter(isConnection: isConnection, logger: logger)
    }

    func channelInactive(context: ChannelHandlerContext) {
        silence?.cancel()
        transmitter.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isHanging else { return }
        silence?.cancel()
        silence = nil
        decoder.append(unwrapInboundIn(data).readableBytesView)
        let channel = context.channel
        while let frame = decoder.next() { answer(frame, channel) }
        guard decoder.isInFrame else { return }
        silence = context.eventLoop.assumeIsolated().scheduleTask(in: Self.frameGap) {
            self.lineFellSilent(channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("the line with RTU frames: \(error)")
        context.close(promise: nil)
    }

    private func lineFellSilent(_ channel: any Channel) {
        silence = nil
        if let frame = decoder.lineFellSilent() {
            answer(frame, channel)
        } else {
            logger.debug("passed over a broken frame")
        }
    }

    private func answer(_ frame: ModbusRTUFrame, _ channel: any Channel) {
        let peer = peer ?? channel.remoteAddress?.text ?? "unknown"
        for wallbox in wallboxes {
            for transmission in wallbox.answer(frame, to: peer) {
                transmitter.transmit(transmission, channel)
            }
        }
    }
}
