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
    /// Answers on their way, by the order in which they were made; given up when the connection ends.
    private var scheduled: [Int: Scheduled<Void>] = [:]
    private var scheduledSoFar = 0

    /// Whether nothing that comes is read any more.
    private(set) var isDeaf = false

    /// More answers than this are not kept back for a client that does not read.
    private static let maximumScheduled = 4096

    /// What is still on its way of each unit of a line, which answers one request after the other.
    private var backlogs: [UInt8: Backlog] = [:]

    private struct Backlog {
        var count: Int
        /// When the last of it goes out.
        var end: NIODeadline
    }

    func end() {
        for task in scheduled.values { task.cancel() }
        scheduled = [:]
    }

    /// - Parameter unit: The unit of a line that answers; nil where a late answer may be overtaken, as
    ///   it can be behind a gateway.
    func transmit(
        _ transmission: Transmission, of unit: UInt8? = nil, to sink: any AnswerSink
    ) {
        switch transmission {
        case .send(let bytes, let delay) where delay <= .zero && backlog(of: unit) == nil:
            sink.send(bytes)
            for late in held { sink.send(late) }
            held = []
        case .send(let bytes, let delay):
            schedule(bytes, after: delay, of: unit, to: sink)
        case .hold(let bytes):
            held.append(bytes)
        case .close:
            sink.close()
        case .reset:
            sink.reset()
        case .deafen:
            isDeaf = true
        }
    }

    private func backlog(of unit: UInt8?) -> Backlog? { unit.flatMap { backlogs[$0] } }

    private func schedule(
        _ bytes: [UInt8], after delay: Duration, of unit: UInt8?, to sink: any AnswerSink
    ) {
        guard scheduled.count < Self.maximumScheduled else {
            return sink.giveUp("too many late answers")
        }
        let wished = NIODeadline.now() + TimeAmount(delay)
        let before = backlog(of: unit)
        let due = before.map { max(wished, $0.end + .nanoseconds(1)) } ?? wished
        if let unit { backlogs[unit] = Backlog(count: (before?.count ?? 0) + 1, end: due) }
        scheduledSoFar += 1
        let number = scheduledSoFar
        scheduled[number] = sink.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            self.scheduled[number] = nil
            if let unit { self.finishOne(of: unit) }
            sink.send(bytes)
        }
    }

    private func finishOne(of unit: UInt8) {
        backlogs[unit]?.count -= 1
        if backlogs[unit]?.count == 0 { backlogs[unit] = nil }
    }
}
