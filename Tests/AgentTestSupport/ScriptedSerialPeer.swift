import CLinux
import Dispatch
import Foundation
import Glibc
import Modbus

/// The units of a serial line behind a pseudo-terminal, which do with each request what a script says.
///
/// Registers hold ``RegisterPattern``. As on a real line each unit takes one request after the other,
/// but units do not wait for each other: a late answer of one comes in the midst of another's.
package final class ScriptedSerialPeer: Sendable {
    package typealias Exchange = ScriptedModbusPeer.Exchange
    package typealias Behaviour = ScriptedModbusPeer.Behaviour

    package struct Failure: Error {
        package let errno: Int32
    }

    /// The terminal, for a bus to open, under a name that no other line gets when this one is gone:
    /// the system gives the numbers of terminals again at once.
    package let path: String

    private struct State {
        var requests: [ModbusRequest] = []
        var requestCount = 0
        var queues: [UInt8: DispatchQueue] = [:]
        var previous: [UInt8: [UInt8]] = [:]
        var isStopped = false
    }

    private final class Shared: Sendable {
        let state = Locked(State())
        /// Entered by every thread that runs and every answer that is due.
        let threads = DispatchGroup()
        let master: Int32
        let stop: (near: Int32, far: Int32)
        let script: ScriptedModbusPeer.Script

        init(
            master: Int32, stop: (near: Int32, far: Int32),
            script: @escaping ScriptedModbusPeer.Script
        ) {
            self.master = master
            self.stop = stop
            self.script = script
        }
    }

    private let shared: Shared
    /// Kept open, so that the terminal stays when the bus closes it.
    private let terminal: Int32

    package init(
        script: @escaping ScriptedModbusPeer.Script = { _ in .answer }
    ) throws(Failure) {
        var name = [CChar](repeating: 0, count: 64)
        let master = evse_open_pty(&name, name.count)
        guard master >= 0 else { throw Failure(errno: errno) }
        let device = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        path = NSTemporaryDirectory() + "/evse-line-\(UUID().uuidString)"
        guard symlink(device, path) == 0 else { throw Failure(errno: errno) }
        terminal = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard terminal >= 0, socketpair(AF_UNIX, kind, 0, &ends) == 0,
            // Nobody listens to a full line: what does not go out is lost.
            fcntl(master, F_SETFL, O_NONBLOCK) == 0
        else { throw Failure(errno: errno) }
        shared = Shared(master: master, stop: (ends[0], ends[1]), script: script)
        let shared = shared
        shared.threads.enter()
        TestThread.start {
            Self.serve(shared)
            shared.threads.leave()
        }
    }

    deinit { stop() }

    /// The first requests, in the order of their arrival.
    package var requests: [ModbusRequest] { shared.state.withLock { $0.requests } }

    private static let requestsKept = 10_000

    /// Ends everything; the terminal is gone from now on.
    package func stop() {
        let isFirst = shared.state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        unlink(path)
        shutdown(shared.stop.far, Int32(SHUT_RDWR))
        shared.threads.wait()
        for descriptor in [terminal, shared.master, shared.stop.near, shared.stop.far] {
            close(descriptor)
        }
    }

    /// Puts bytes on the line that belong to nothing, time and again until the peer is stopped.
    package func babble(_ bytes: [UInt8], every pace: Duration) {
        let shared = shared
        shared.threads.enter()
        TestThread.start {
            while !shared.state.withLock({ $0.isStopped }) {
                Self.write(bytes, shared)
                ScriptedModbusPeer.pause(pace)
            }
            shared.threads.leave()
        }
    }

    // MARK: - Threads

    private static func serve(_ shared: Shared) {
        while let (_, request) = ModbusFraming.rtu.request({ receive($0, shared) }) {
            let (index, queue) = shared.state.withLock { state in
                defer { state.requestCount += 1 }
                if state.requestCount < requestsKept { state.requests.append(request) }
                let queue =
                    state.queues[request.unit] ?? DispatchQueue(label: "unit \(request.unit)")
                state.queues[request.unit] = queue
                return (state.requestCount, queue)
            }
            let exchange = Exchange(link: 0, index: index, transactionID: 0, request: request)
            let behaviour = shared.script(exchange)
            queue.async(group: shared.threads) { answer(exchange, as: behaviour, shared) }
        }
    }

    private static func answer(_ exchange: Exchange, as behaviour: Behaviour, _ shared: Shared) {
        let right = ScriptedModbusPeer.reply(
            to: exchange, as: .answer, previous: [], framing: .rtu)
        let previous = shared.state.withLock { state in
            defer { state.previous[exchange.request.unit] = right.bytes }
            return state.previous[exchange.request.unit] ?? []
        }
        let reply = ScriptedModbusPeer.reply(
            to: exchange, as: behaviour, previous: previous, framing: .rtu)
        ScriptedModbusPeer.pause(reply.delay)
        guard let pace = reply.pace else { return write(reply.bytes, shared) }
        for byte in reply.bytes where !shared.state.withLock({ $0.isStopped }) {
            write([byte], shared)
            ScriptedModbusPeer.pause(pace)
        }
    }

    private static func write(_ bytes: [UInt8], _ shared: Shared) {
        guard !bytes.isEmpty else { return }
        // One frame at a time, or there would be more collisions than on a real line.
        _ = shared.state.withLock { _ in Glibc.write(shared.master, bytes, bytes.count) }
    }

    private static func receive(_ count: Int, _ shared: Shared) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var entries = [
                pollfd(fd: shared.master, events: Int16(POLLIN), revents: 0),
                pollfd(fd: shared.stop.near, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&entries, 2, -1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0, entries[1].revents == 0 else { return nil }
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let received = read(shared.master, &buffer, count - bytes.count)
            if received < 0, errno == EAGAIN || errno == EINTR { continue }
            guard received > 0 else { return nil }
            bytes += buffer.prefix(received)
        }
        return bytes
    }
}
