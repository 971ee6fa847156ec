import Logging
import NIOCore
import WallboxModel

/// The slaves' end of a line with RTU frames: cuts its bytes into requests and has them answered by
/// whichever of its wallboxes they are for. It runs on the line's event loop alone.
///
/// As the guide demands (V1.02, clauses 2.2 and 2.4.2) a slave is silent to other units and to every
/// frame that is broken.
final class ModbusRTUSlaves {
    private let wallboxes: [SharedWallbox]
    private let logger: Logger
    private let transmitter = Transmitter()
    private var decoder = ModbusRTUDecoder()
    private var silence: Scheduled<Void>?

    /// How long nothing comes between two frames. The guide says 3.5 characters; a program is not
    /// woken so exactly, and no master of ours is back sooner after a broken frame.
    static let frameGap = TimeAmount.milliseconds(20)

    init(_ wallboxes: [SharedWallbox], logger: Logger) {
        self.wallboxes = wallboxes
        self.logger = logger
    }

    func received(_ bytes: some Sequence<UInt8>, from sink: any AnswerSink) {
        silence?.cancel()
        silence = nil
        guard !transmitter.isDeaf else { return }
        decoder.append(bytes)
        while let frame = decoder.next() { answer(frame, to: sink) }
        guard decoder.isInFrame else { return }
        silence = sink.eventLoop.assumeIsolated().scheduleTask(in: Self.frameGap) {
            self.lineFellSilent(sink)
        }
    }

    func end() {
        silence?.cancel()
        transmitter.end()
    }

    private func lineFellSilent(_ sink: any AnswerSink) {
        silence = nil
        if let frame = decoder.lineFellSilent() {
            answer(frame, to: sink)
        } else {
            logger.debug("passed over a broken frame")
        }
    }

    private func answer(_ frame: ModbusRTUFrame, to sink: any AnswerSink) {
        for wallbox in wallboxes where wallbox.answers(unit: frame.unit) {
            for transmission in wallbox.answer(frame, to: sink.peer) {
                transmitter.transmit(transmission, of: frame.unit, to: sink)
            }
        }
    }
}

/// One connection with RTU frames, as some gateways have it.
final class ModbusRTUHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let slaves: ModbusRTUSlaves
    /// Whether it was accepted only to be ignored.
    private let isHanging: Bool
    private let logger: Logger

    init(_ wallbox: SharedWallbox, isHanging: Bool, logger: Logger) {
        slaves = ModbusRTUSlaves([wallbox], logger: logger)
        self.isHanging = isHanging
        self.logger = logger
    }

    func channelInactive(context: ChannelHandlerContext) {
        slaves.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isHanging else { return }
        slaves.received(
            unwrapInboundIn(data).readableBytesView,
            from: ConnectionSink(channel: context.channel, logger: logger))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("a connection with RTU frames: \(error)")
        context.close(promise: nil)
    }
}
