import Logging
import NIOCore
import WallboxModel

/// Where a wallbox's answers go: a connection or a serial line. All on its event loop.
protocol AnswerSink {
    var eventLoop: any EventLoop { get }
    /// How the other end is named in logs.
    var peer: String { get }

    func send(_ bytes: [UInt8])
    /// The client is more than it can bear; a serial line just goes on.
    func giveUp(_ reason: String)
    /// Ends a connection; a serial line has none.
    func close()
    func reset()
}

/// Puts answers on one wire as the wire faults have it. It runs on the wire's event loop alone.
final class Transmitter {
    /// Answers that wait for the next one.
    private var held: [[UInt8]] = []
    /// Answers on their way; given up when the connection ends.
    private var scheduled: [Scheduled<Void>] = []

    /// More answers than this are not kept back for a client that does not read.
    private static let maximumScheduled = 4096

    func end() {
        for task in scheduled { task.cancel() }
        scheduled = []
    }

    func transmit(_ transmission: Transmission, to sink: any AnswerSink) {
        switch transmission {
        case .send(let bytes, let delay) where delay <= .zero:
            sink.send(bytes)
            for late in held { sink.send(late) }
            held = []
        case .send(let bytes, let delay):
            schedule(bytes, after: delay, to: sink)
        case .hold(let bytes):
            held.append(bytes)
        case .close:
            sink.close()
        case .reset:
            sink.reset()
        }
    }

    private func schedule(_ bytes: [UInt8], after delay: Duration, to sink: any AnswerSink) {
        guard scheduled.count < Self.maximumScheduled else {
            return sink.giveUp("too many late answers")
        }
        scheduled.append(
            sink.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
                sink.send(bytes)
            })
    }
}
