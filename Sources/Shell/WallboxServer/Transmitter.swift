import Glibc
import Logging
import NIOCore
import WallboxModel

/// Puts answers on one wire as the wire faults have it. It runs on the wire's event loop alone.
final class Transmitter {
    private let logger: Logger
    /// Whether there is a connection that can be closed; a serial line stays.
    private let isConnection: Bool
    /// Answers that wait for the next one.
    private var held: [[UInt8]] = []
    /// Answers on their way; given up when the connection ends.
    private var scheduled: [Scheduled<Void>] = []

    /// More answers than this are not kept back for a client that does not read.
    private static let maximumScheduled = 4096

    init(isConnection: Bool, logger: Logger) {
        self.isConnection = isConnection
        self.logger = logger
    }

    func end() {
        for task in scheduled { task.cancel() }
        scheduled = []
    }

    func transmit(_ transmission: Transmission, _ channel: any Channel) {
        switch transmission {
        case .send(let bytes, let delay) where delay <= .zero:
            send(bytes, channel)
            for late in held { send(late, channel) }
            held = []
        case .send(let bytes, let delay):
            schedule(bytes, after: delay, channel)
        case .hold(let bytes):
            held.append(bytes)
        case .close:
            if isConnection { channel.close(promise: nil) }
        case .reset:
            if isConnection { channel.reset() }
        }
    }

    private func schedule(_ bytes: [UInt8], after delay: Duration, _ channel: any Channel) {
        guard scheduled.count < Self.maximumScheduled else {
            return giveUp(channel, "too many late answers")
        }
        let task = channel.eventLoop.scheduleTask(in: TimeAmount(delay)) {
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
        scheduled.append(task)
    }

    private func send(_ bytes: [UInt8], _ channel: any Channel) {
        guard channel.isWritable else {
            return giveUp(channel, "the client does not read its answers")
        }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    private func giveUp(_ channel: any Channel, _ reason: String) {
        // What nobody takes from a serial line is lost.
        guard isConnection else { return }
        let peer = channel.remoteAddress?.text ?? "unknown"
        logger.warning("closing the connection from \(peer): \(reason)")
        channel.close(promise: nil)
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
