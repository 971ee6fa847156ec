import Glibc
import Logging
import NIOCore

/// A TCP connection as the place where answers go.
struct ConnectionSink: AnswerSink {
    let channel: any Channel
    let logger: Logger

    var eventLoop: any EventLoop { channel.eventLoop }

    var peer: String { channel.remoteAddress?.text ?? "unknown" }

    func send(_ bytes: [UInt8]) {
        guard channel.isWritable else { return giveUp("it does not read its answers") }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func giveUp(_ reason: String) {
        logger.warning("closing the connection from \(peer): \(reason)")
        channel.close(promise: nil)
    }

    func close() {
        channel.close(promise: nil)
    }

    func reset() {
        channel.reset()
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
