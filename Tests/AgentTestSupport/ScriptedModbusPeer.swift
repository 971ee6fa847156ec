import CLinux
import Dispatch
import Glibc
import Modbus

/// A Modbus server on a TCP port, with TCP or with RTU frames, that does with each request what a script says: answer, or one of the faults
/// seen in the field.
///
/// Registers hold ``RegisterPattern``. Each connection has a thread of its own. `stop()` ends
/// everything; a peer that goes away unstopped is stopped.
///
/// Its ends of the connections are descriptors of the same process as the clients', of which libmodbus
/// takes none from 1,024 on. So a connection ends as soon as its client has gone, whatever is still to
/// be sent, and on a machine so busy that this lags no further ones are accepted: they wait in the
/// kernel, where they take no descriptor.
package final class ScriptedModbusPeer: Sendable {
    package typealias Script = @Sendable (Exchange) -> Behaviour

    package let port: UInt16

    /// How many connections are open at most, unless a peer is told otherwise.
    package static let maximumConnections = 128

    private struct State {
        var isStopped = false
        var open: [Int32] = []
        var mostOpen = 0
        var acceptedAt: [ContinuousClock.Instant] = []
        var requestCount = 0
        var requests: [ModbusRequest] = []
    }

    /// What the threads share; they hold no reference to the peer, so that it can go away.
    private final class Shared: Sendable {
        let state = Locked(State())
        /// Entered by every thread that runs.
        let threads = DispatchGroup()
        /// Waited for before a connection is accepted, signalled when it is closed.
        let room: DispatchSemaphore
        let framing: ModbusFraming
        let script: Script

        init(_ framing: ModbusFraming, maximumConnections: Int, script: @escaping Script) {
            room = DispatchSemaphore(value: maximumConnections)
            self.framing = framing
            self.script = script
        }
    }

    private let shared: Shared
    private let listener: Int32

    /// Starts to listen on a port of 127.0.0.1 that the system chooses.
    package init(
        framing: ModbusFraming = .tcp, maximumConnections: Int = maximumConnections,
        script: @escaping Script = { _ in .answer }
    ) throws {
        (listener, port) = try LoopbackSocket.listen()
        shared = Shared(framing, maximumConnections: maximumConnections, script: script)
        let (shared, listener) = (shared, listener)
        shared.threads.enter()
        TestThread.start {
            Self.accept(on: listener, shared)
            shared.threads.leave()
        }
    }

    /// A peer that takes one behaviour after the other, and then answers.
    package convenience init(_ behaviours: [Behaviour]) throws {
        try self.init { exchange in
            exchange.index < behaviours.count ? behaviours[exchange.index] : .answer
        }
    }

    deinit { stop() }

    /// When each connection so far was accepted.
    package var acceptedAt: [ContinuousClock.Instant] {
        shared.state.withLock { $0.acceptedAt }
    }

    /// How many requests are kept for the test to look at.
    private static let requestsKept = 10_000

    /// The first requests, in the order of their arrival.
    package var requests: [ModbusRequest] {
        shared.state.withLock { $0.requests }
    }

    /// How many connections are open just now.
    package var openConnections: Int {
        shared.state.withLock { $0.open.count }
    }

    /// How many connections were open at most at the same time.
    package var mostConnections: Int {
        shared.state.withLock { $0.mostOpen }
    }

    /// Closes everything; from now on connections are refused.
    package func stop() {
        let isFirst = shared.state.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        shared.threads.wait()
        close(listener)
    }

    // MARK: - Threads

    private static func accept(on listener: Int32, _ shared: Shared) {
        var link = 0
        while true {
            shared.room.wait()
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                shared.room.signal()
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            let number = link
            link += 1
            shared.state.withLock { state in
                guard !state.isStopped else {
                    close(descriptor)
                    shared.room.signal()
                    return
                }
                state.open.append(descriptor)
                state.mostOpen = max(state.mostOpen, state.open.count)
                state.acceptedAt.append(.now)
                shared.threads.enter()
                TestThread.start {
                    serve(descriptor, link: number, shared)
                    shared.room.signal()
                    shared.threads.leave()
                }
            }
        }
    }

    private static func serve(_ descriptor: Int32, link: Int, _ shared: Shared) {
        var on: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var previous: [UInt8] = []
        var isOpen = true
        while isOpen,
            let (transactionID, request) = shared.framing.request({
                receive($0, from: descriptor)
            })
        {
            let index = shared.state.withLock { state in
                defer { state.requestCount += 1 }
                if state.requestCount < requestsKept { state.requests.append(request) }
                return state.requestCount
            }
            let exchange = Exchange(
                link: link, index: index, transactionID: transactionID, request: request)
            let reply = reply(
                to: exchange, as: shared.script(exchange), previous: previous,
                framing: shared.framing)
            previous =
                self.reply(
                    to: exchange, as: .answer, previous: [], framing: shared.framing
                ).bytes
            isOpen = send(reply, to: descriptor)
        }
        shared.state.withLock { $0.open.removeAll { $0 == descriptor } }
        close(descriptor)
    }

    /// - Returns: Whether the connection goes on.
    private static func send(_ reply: Reply, to descriptor: Int32) -> Bool {
        pause(reply.delay, on: descriptor)
        let chunk = reply.pace == nil ? max(1, reply.bytes.count) : 1
        var rest = reply.bytes[...]
        while !rest.isEmpty {
            let piece = [UInt8](rest.prefix(chunk))
            let sent = Glibc.send(descriptor, piece, piece.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
            if let pace = reply.pace { pause(pace, on: descriptor) }
        }
        switch reply.ending {
        case .open: return true
        case .close: return false
        case .reset:
            // Lingering for 0 s makes close(2) send RST.
            var option = linger(l_onoff: 1, l_linger: 0)
            let size = socklen_t(MemoryLayout<linger>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
            return false
        }
    }

    /// POLLRDHUP, which Glibc's module lacks: the client has closed its end.
    private static let clientHasGone: Int16 = 0x2000

    /// Waits, but not for a client that has gone.
    private static func pause(_ duration: Duration, on descriptor: Int32) {
        let (seconds, attoseconds) = duration.components
        guard duration > .zero else { return }
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        _ = evse_wait_ready(descriptor, clientHasGone, nanoseconds)
    }

    static func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard duration > .zero else { return }
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }

    private static func receive(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &bytes, count, Int32(MSG_WAITALL))
        return received == count ? bytes : nil
    }
}
