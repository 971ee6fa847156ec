import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Stands between the parser and the routes: checks heads, collects bodies within their limit, and
/// passes whole requests on.
///
/// It sees one request at a time: NIO's pipeline handler before it holds back what a client sends
/// ahead, errors included.
final class RequestAssembler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = ReceivedRequest
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPLimits
    private let connection: ConnectionGuard
    /// The head of the request whose body is being collected.
    private var head: HTTPRequest?
    private var body = ByteBuffer()
    /// What the answer has to know of its request.
    private var isAnswerToHEAD = false
    private var version = HTTPVersion.http1_1
    private var isLastAnswer = false

    init(limits: HTTPLimits, connection: ConnectionGuard) {
        self.limits = limits
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard connection.canRefuse else { return }
            headReceived(head, context: context)
        case .body(var buffer):
            guard head != nil else { return }
            guard body.readableBytes + buffer.readableBytes <= limits.bodyBytes else {
                passOn(isCut: true, context: context)
                return
            }
            body.writeBuffer(&buffer)
        case .end:
            passOn(isCut: false, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            head = nil
            connection.refuse(error)
        case is ByteToMessageDecoderError:
            // More input for a parser that has given up; its own error is on its way here.
            break
        default:
            context.fireErrorCaught(error)
        }
    }

    private func headReceived(_ received: HTTPRequestHead, context: ChannelHandlerContext) {
        let checked: RequestHead
        do throws(RequestHead.Refusal) {
            checked = try RequestHead(received, limits: limits)
        } catch {
            connection.refuse(error.answer)
            return
        }
        version = received.version
        isAnswerToHEAD = received.method == .HEAD
        connection.headReceived(isLast: checked.isLast)
        head = checked.request
        body = ByteBuffer()
        if checked.contentLength > limits.bodyBytes {
            passOn(isCut: true, context: context)
        } else if checked.expectsContinue {
            connection.sendContinue()
        }
    }

    /// Hands the request to the routes. When it is cut, its body is over the limit and reading it
    /// throws, so that the answer can be the routes' own.
    private func passOn(isCut: Bool, context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        let body: Result<ByteBuffer, NIOTooManyBytesError> =
            isCut ? .failure(NIOTooManyBytesError(maxBytes: limits.bodyBytes)) : .success(self.body)
        self.body = ByteBuffer()
        connection.requestReceived(isCut: isCut)
        context.fireChannelRead(wrapInboundOut(ReceivedRequest(head: head, body: body)))
    }
}

// MARK: - Answers

extension RequestAssembler {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let response):
            context.write(wrapOutboundOut(.head(answerHead(response))), promise: promise)
        case .body(let buffer):
            guard !isAnswerToHEAD else {
                promise?.succeed()
                return
            }
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
        case .end(let trailers):
            // Before the write, which may hand over the next request from within.
            connection.answerEnding(isLast: isLastAnswer)
            context.write(
                wrapOutboundOut(.end(trailers.map(HTTPHeaders.init))), promise: promise)
            connection.answerEnded()
        }
    }

    private func answerHead(_ response: HTTPResponse) -> HTTPResponseHead {
        var head = HTTPResponseHead(response)
        guard response.status.kind != .informational else { return head }
        // Where there are no chunks the end of the connection ends the body.
        let isUnframed = isAnswerToHEAD && !head.headers.contains(name: "Content-Length")
        head.version = isUnframed ? .http1_0 : version
        isLastAnswer = connection.isLast || !head.isKeepAlive
        if isLastAnswer { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        return head
    }
}

@available(*, unavailable)
extension RequestAssembler: Sendable {}
