import NIOCore
import NIOHTTP1

/// Stands between the socket and the parser: counts bytes, holds the deadlines, gives the bare
/// answers and ends the connection so that its last answer arrives.
///
/// It carries out what ``ConnectionTimeline`` decides. The ``RequestAssembler`` behind the parser
/// tells it what the bytes meant. Both live on the event loop of their channel.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// A large answer is written in pieces of this size, so that its progress can be seen.
    private static let writeBytes = 16 * 1024

    private let limits: HTTPLimits
    private let registry: ConnectionRegistry
    private var timeline: ConnectionTimeline
    private var context: ChannelHandlerContext?
    private var deadline: Scheduled<Void>?
    private var requestLine = RequestLine()

    private var pendingWrites = 0
    private var lastWriteProgress = NIODeadline.uptimeNanoseconds(0)
    private var stallCheck: Scheduled<Void>?
    private var isOutputClosing = false

    init(limits: HTTPLimits, registry: ConnectionRegistry) {
        self.limits = limits
        self.registry = registry
        timeline = ConnectionTimeline(limits: limits)
    }

    // MARK: What the request assembler reports

    /// Whether the channel may still answer by itself: no answer of the routes is under way.
    var canRefuse: Bool { timeline.phase != .answering && timeline.phase != .ended }

    /// Whether the present request is the last of its connection.
    var isLast: Bool { timeline.isLast }

    func headReceived(isLast: Bool) {
        perform(timeline.headReceived(isLast: isLast))
    }

    func requestReceived(isCut: Bool) {
        perform(timeline.requestReceived(isCut: isCut))
    }

    /// The end of the answer is about to be written; `isLast` when the routes want the connection
    /// closed after it.
    func answerEnding(isLast: Bool) {
        let step = timeline.answerWritten(isLast: isLast)
        if step != .end { perform(step) }
    }

    /// The end of the answer has been written.
    func answerEnded() {
        if timeline.phase == .ended { end() }
    }

    /// Tells a client that waits before it sends its body to go on.
    func sendContinue() {
        guard let context else { return }
        let answer = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
        send(answer, context: context)
    }

    func refuse(_ answer: BareAnswer) {
        perform(.refuse(answer))
    }

    /// The answer to what the parser could not take.
    func refuse(_ error: HTTPParserError) {
        guard case .headerOverflow = error else { return refuse(.badRequest) }
        refuse(requestLine.count > limits.uriBytes ? .uriTooLong : .headerFieldsTooLarge)
    }

    // MARK: Carrying out

    private func perform(_ step: ConnectionTimeline.Step) {
        switch step {
        case .none: break
        case .restartDeadline: restartDeadline()
        case .refuse(let answer): give(answer)
        case .end: end()
        case .close: close()
        }
    }

    private func give(_ answer: BareAnswer) {
        guard canRefuse, let context else { return }
        timeline.refused()
        send(answer.buffer, context: context)
        end()
    }

    private func send(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        write(context: context, data: wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
        flush(context: context)
    }

    private func close() {
        context?.close(promise: nil)
    }

    /// Closes as soon as what has been written is on its way. Input is read and dropped meanwhile.
    private func end() {
        restartDeadline()
        context?.flush()
        closeOutputWhenWritten()
        if timeline.readsDroppedInput { context?.read() }
    }

    private func closeOutputWhenWritten() {
        guard timeline.phase == .ended, pendingWrites == 0, let context else { return }
        guard !timeline.isInputClosed else { return close() }
        guard !isOutputClosing else { return }
        isOutputClosing = true
        restartDeadline()
        context.close(mode: .output, promise: nil)
    }

    private func restartDeadline() {
        deadline?.cancel()
        deadline = nil
        guard let context else { return }
        // A last answer that is still being written has the stall check instead of a deadline, and
        // is no more waiting for its client than any other answer.
        let isWriting = timeline.phase == .ended && pendingWrites > 0
        let isWaiting = timeline.isWaitingForClient && !isWriting
        registry.note(context.channel, waitingSince: isWaiting ? context.eventLoop.now : nil)
        guard let (after, then) = timeline.deadline, !isWriting else { return }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(after)) {
            self.deadline = nil
            self.perform(then)
        }
    }
}

// MARK: - Inbound

extension ConnectionGuard {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { restartDeadline() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
        stallCheck?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        restartDeadline()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        stallCheck?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        let phase = timeline.phase
        perform(timeline.bytesReceived(buffer.readableBytes))
        guard !timeline.dropsInput, context.channel.isActive else { return }
        switch phase {
        case .opened, .idle: requestLine = RequestLine(buffer)
        case .head: requestLine.add(buffer)
        case .body, .answering, .ended: break
        }
        context.fireChannelRead(data)
        perform(timeline.bytesParsed())
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody else asks for input that nobody wants.
        if timeline.readsDroppedInput { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            perform(timeline.drain())
        case ChannelEvent.inputClosed:
            // First the parser, which may find that the request is not complete.
            context.fireUserInboundEventTriggered(event)
            perform(timeline.inputClosed())
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }
}

// MARK: - Outbound

extension ConnectionGuard {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .byteBuffer(var buffer) = unwrapOutboundIn(data) else {
            context.write(data, promise: noteWrite(promise, context: context))
            return
        }
        while buffer.readableBytes > Self.writeBytes,
            let piece = buffer.readSlice(length: Self.writeBytes)
        {
            let written = noteWrite(nil, context: context)
            context.write(wrapOutboundOut(.byteBuffer(piece)), promise: written)
        }
        let written = noteWrite(promise, context: context)
        context.write(wrapOutboundOut(.byteBuffer(buffer)), promise: written)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is AbortConnection else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        context.close(promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard timeline.phase == .ended, mode == .all else {
            context.close(mode: mode, promise: promise)
            return
        }
        // The routes are done with the connection, the last answer may still be on its way: the
        // deadline of the ended phase closes.
        context.channel.closeFuture.cascade(to: promise)
    }

    /// Counts a write until the network has taken it.
    private func noteWrite(
        _ promise: EventLoopPromise<Void>?, context: ChannelHandlerContext
    ) -> EventLoopPromise<Void> {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        if pendingWrites == 0 { lastWriteProgress = context.eventLoop.now }
        pendingWrites += 1
        if stallCheck == nil { scheduleStallCheck(context: context) }
        written.futureResult.assumeIsolated().whenComplete { _ in self.writeDone() }
        return written
    }

    private func writeDone() {
        pendingWrites -= 1
        guard let context else { return }
        lastWriteProgress = context.eventLoop.now
        guard pendingWrites == 0, timeline.phase == .ended else { return }
        // Not from within the flush that has just finished the write.
        context.eventLoop.assumeIsolated().execute { self.closeOutputWhenWritten() }
    }

    private func scheduleStallCheck(context: ChannelHandlerContext) {
        let due = lastWriteProgress + TimeAmount(limits.stalledWrite)
        stallCheck = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            self.checkStall()
        }
    }

    private func checkStall() {
        stallCheck = nil
        guard pendingWrites > 0, let context else { return }
        if context.eventLoop.now - lastWriteProgress >= TimeAmount(limits.stalledWrite) {
            close()
        } else {
            scheduleStallCheck(context: context)
        }
    }
}

/// The length of the first line of a request, to tell a long target from long fields.
private struct RequestLine {
    private(set) var count = 0
    private var isComplete = false

    init() {}

    init(_ buffer: ByteBuffer) {
        add(buffer)
    }

    mutating func add(_ buffer: ByteBuffer) {
        guard !isComplete else { return }
        let bytes = buffer.readableBytesView
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        count += (end ?? bytes.endIndex) - bytes.startIndex
        isComplete = end != nil
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
