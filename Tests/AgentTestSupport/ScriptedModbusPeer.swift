import Dispatch
import Glibc
import Modbus

/// A Modbus server on a TCP port, with TCP or with RTU frames, that does with each request what a script says: answer, or one of the faults
/// seen in the field.
///
/// Registers hold ``RegisterPattern``. Each connection has a thread of its own. `stop()` ends
/// everything; a peer that goes away unstopped is stopped.
package final class ScriptedModbusPeer: Sendable {
    package typealias Script = @Sendable (Exchange) -> Behaviour

    package let port: UInt16

    private struct State {
        var isStopped = false
        var open: [Int32] = []
        var acceptedAt: [ContinuousClock.Instant] = []
        var requestCount = 0
        var requests: [ModbusRequest] = []
    }

    /// What the threads share; they hold no reference to the peer, so that it can go away.
    private final class Shared: Sendable {
        let state = Locked(State())
        /// Entered by every thread that runs.
        let threads = DispatchGroup()
        let framing: ModbusFraming
        let script: Script

        init(_ framing: ModbusFraming, script: @escaping Script) {
            self.framing = framing
            self.script = script
        }
    }

    private let shared: Shared
    private let listener: Int32

    /// Starts to listen on a port of 127.0.0.1 that the system chooses.
    package init(
        framing: ModbusFraming = .tcp, script: @escaping Script = { _ in .answer }
    ) throws {
        (listener, port) = try LoopbackSocket.listen()
        shared = Shared(framing, script: script)
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
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            let number = link
            link += 1
            shared.state.withLock { state in
                guard !state.isStopped else {
                    close(descriptor)
                    return
                }
                state.open.append(descriptor)
                state.acceptedAt.append(.now)
                shared.threads.enter()
                TestThread.start {
                    serve(descriptor, link: number, shared)
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
        pause(reply.delay)
        let chunk = reply.pace == nil ? max(1, reply.bytes.count) : 1
        var rest = reply.bytes[...]
        while !rest.isEmpty {
            let piece = [UInt8](rest.prefix(chunk))
            let sent = Glibc.send(descriptor, piece, piece.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
            if let pace = reply.pace { pause(pace) }
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
