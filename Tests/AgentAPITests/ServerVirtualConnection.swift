import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import NIOPosix

@testable import AgentAPI

/// One connection in virtual time: the handlers of a real one, a client made of bytes, and routes
/// that answer when the test says so.
final class VirtualConnection {
    let channel = EmbeddedChannel()

    init(limits: HTTPLimits = HTTPLimits(), registry: ConnectionRegistry? = nil) throws {
        let registry = registry ?? ConnectionRegistry(limits: limits)
        try GuardedHTTPChannel.addHandlers(to: channel, limits: limits, registry: registry)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    deinit {
        channel.triggerUserOutboundEvent(AbortConnection(), promise: nil)
        settle()
    }

    /// Whether the server has closed.
    var isClosed: Bool { !channel.isActive }

    func client(sends text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    func client(sends byte: UInt8, times count: Int) throws {
        try channel.writeInbound(ByteBuffer(repeating: byte, count: count))
    }

    func clientClosesItsHalf() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func wait(_ duration: Duration) {
        channel.embeddedEventLoop.advanceTime(by: TimeAmount(duration))
    }

    /// Runs what the server has put off to its next turn.
    func settle() {
        channel.embeddedEventLoop.run()
    }

    /// What the server has sent since the last look.
    func output() throws -> String {
        var text = ""
        while let data = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let buffer) = data { text += String(buffer: buffer) }
        }
        return text
    }

    /// The status of the bare answer the server has sent, when that is all it has sent.
    func bareAnswer() throws -> Int? {
        let text = try output()
        guard text.hasSuffix("\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") else {
            return nil
        }
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// The next request that reached the routes.
    func request() throws -> ReceivedRequest? {
        try channel.readInbound(as: ReceivedRequest.self)
    }

    func routesAnswer(
        _ text: String, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
    ) throws {
        var fields = fields
        fields[.contentLength] = String(text.utf8.count)
        try routesBegin(HTTPResponse(status: status, headerFields: fields))
        try routesSend(text)
        try routesEnd()
    }

    func routesBegin(_ head: HTTPResponse = HTTPResponse(status: .ok)) throws {
        try channel.writeOutbound(HTTPResponsePart.head(head))
    }

    func routesSend(_ text: String) throws {
        try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: text)))
    }

    func routesEnd() throws {
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }
}

extension ReceivedRequest {
    var text: String? {
        switch body {
        case .success(let buffer): String(buffer: buffer)
        case .failure: nil
        }
    }
}
