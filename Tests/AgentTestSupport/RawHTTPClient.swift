import Dispatch
import Glibc

/// A TCP client that sends exactly the bytes a test gives it, in the pieces it gives them, and reads
/// what comes back.
///
/// Its calls block, with a deadline, on a queue of its own, so that they never hold a thread of
/// Swift's pool that the server under test needs.
package actor RawHTTPClient {
    /// Why a test client could not go on.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// One answer, as read from the wire.
    package struct Answer: Sendable, CustomStringConvertible {
        package var status: Int
        /// Names in lower case.
        package var fields: [(name: String, value: String)]
        package var body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }

        /// The value of the first field of this name (in lower case).
        package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

        package var description: String { "\(status) \(fields) \(text)" }
    }

    private let queue = ClientQueue()
    private var descriptor: Int32 = -1
    private var received: [UInt8] = []
    private var isAtEnd = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        queue.asUnownedSerialExecutor()
    }

    /// Connects to a port of this computer.
    ///
    /// - Parameters:
    ///   - source: the address to connect from. All of 127.0.0.0/8 is this computer, so a test can
    ///     be several sources at once.
    ///   - receiveBuffer: size of the kernel's receive buffer, to make a client that does not read
    ///     stall soon; nil leaves the default.
    package init(
        port: Int, from source: String = "127.0.0.1", receiveBuffer: Int32? = nil,
        within timeout: Duration = .seconds(30)
    ) async throws {
        try connect(port: port, from: source, receiveBuffer: receiveBuffer, timeout: timeout)
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    // MARK: Sending

    package func send(_ text: String, within timeout: Duration = .seconds(30)) throws {
        try send(Array(text.utf8), within: timeout)
    }

    package func send(_ bytes: [UInt8], within timeout: Duration = .seconds(30)) throws {
        let deadline = ContinuousClock.now + timeout
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent > 0 {
                rest = rest.dropFirst(sent)
            } else if errno == EAGAIN {
                try wait(for: POLLOUT, until: deadline, what: "sending")
            } else {
                throw Failure(description: "sending failed: errno \(errno)")
            }
        }
    }

    /// Sends a request with the fields that HTTP/1.1 needs, unless they are given.
    package func request(
        _ method: String = "GET", _ target: String, fields: [String] = [], body: String = ""
    ) throws {
        var lines = ["\(method) \(target) HTTP/1.1"] + fields
        if !fields.contains(where: { $0.hasPrefix("Host:") }) { lines.append("Host: 127.0.0.1") }
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        try send(lines.map { $0 + "\r\n" }.joined() + "\r\n" + body)
    }

    /// Says that nothing more will be sent, and goes on reading.
    package func closeSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    package func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    // MARK: Reading

    /// Reads one answer, whose length its fields state (or which the end of the connection ends).
    /// Interim answers (1xx) have no body.
    package func answer(within timeout: Duration = .seconds(30)) throws -> Answer {
        let deadline = ContinuousClock.now + timeout
        var answer = try head(until: deadline)
        if answer.status < 200 || answer.status == 204 || answer.status == 304 { return answer }
        if let length = answer.field("content-length").flatMap({ Int($0) }) {
            answer.body = try take(length, until: deadline)
        } else if answer.field("transfer-encoding") == "chunked" {
            while true {
                let chunk = try chunk(until: deadline)
                if chunk.isEmpty { break }
                answer.body += chunk
            }
        } else {
            while try more(until: deadline) {}
            answer.body = received
            received = []
        }
        return answer
    }

    /// Reads the head of an answer alone: the start of a stream.
    package func head(within timeout: Duration = .seconds(30)) throws -> Answer {
        try head(until: ContinuousClock.now + timeout)
    }

    /// Reads one chunk of a stream; empty when it is the last.
    package func chunk(within timeout: Duration = .seconds(30)) throws -> String {
        String(decoding: try chunk(until: ContinuousClock.now + timeout), as: UTF8.self)
    }

    /// Reads and returns everything up to the end of the connection.
    package func readToEnd(within timeout: Duration = .seconds(30)) throws -> String {
        let deadline = ContinuousClock.now + timeout
        while try more(until: deadline) {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// Waits for the server to close, by an end or a reset; false when it has not in time.
    package func isClosed(within timeout: Duration = .seconds(30)) -> Bool {
        let deadline = ContinuousClock.now + timeout
        do {
            while try more(until: deadline) {}
            return true
        } catch {
            return false
        }
    }
}

// MARK: - The socket

extension RawHTTPClient {
    private func connect(
        port: Int, from source: String, receiveBuffer: Int32?, timeout: Duration
    ) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket: errno \(errno)") }
        if var size = receiveBuffer {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        guard withAddress(source, port: 0, { bind(descriptor, $0, $1) }) == 0 else {
            throw Failure(description: "cannot bind to \(source): errno \(errno)")
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let result = withAddress("127.0.0.1", port: port) { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            throw Failure(description: "cannot connect to port \(port): errno \(errno)")
        }
        try wait(for: POLLOUT, until: ContinuousClock.now + timeout, what: "connecting")
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        guard error == 0 else {
            throw Failure(description: "cannot connect to port \(port): errno \(error)")
        }
    }

    private func withAddress<Result>(
        _ host: String, port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func wait(
        for events: Int32, until deadline: ContinuousClock.Instant, what: String
    ) throws {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let left = max(.zero, deadline - ContinuousClock.now)
        let milliseconds =
            left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        guard poll(&entry, 1, Int32(clamping: milliseconds)) > 0 else {
            throw Failure(description: "\(what) took too long")
        }
    }

    /// Reads what is there; false at the end of the connection, be it orderly or a reset.
    private func more(until deadline: ContinuousClock.Instant) throws -> Bool {
        guard !isAtEnd, descriptor >= 0 else { return false }
        try wait(for: POLLIN, until: deadline, what: "waiting for the server")
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            received += buffer[..<count]
            return true
        }
        isAtEnd = count == 0 || (errno != EAGAIN && errno != EINTR)
        return !isAtEnd
    }

    private func take(_ count: Int, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
        while received.count < count {
            guard try more(until: deadline) else {
                throw Failure(
                    description: "the connection ended after \(received.count) of \(count) bytes")
            }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private func line(until deadline: ContinuousClock.Instant) throws -> String {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = received[..<end].filter { $0 != UInt8(ascii: "\r") }
                received.removeSubrange(...end)
                return String(decoding: line, as: UTF8.self)
            }
            guard try more(until: deadline) else {
                throw Failure(description: "the connection ended before an answer did")
            }
        }
    }

    private func head(until deadline: ContinuousClock.Instant) throws -> Answer {
        let start = try line(until: deadline).split(separator: " ")
        guard start.count >= 2, start[0].hasPrefix("HTTP/1."), let status = Int(start[1]) else {
            throw Failure(description: "not an answer: \(start)")
        }
        var answer = Answer(status: status, fields: [], body: [])
        while true {
            let line = try line(until: deadline)
            guard let colon = line.firstIndex(of: ":") else { return answer }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            answer.fields.append((line[..<colon].lowercased(), String(value)))
        }
    }

    private func chunk(until deadline: ContinuousClock.Instant) throws -> [UInt8] {
        let size = try line(until: deadline)
        guard let count = Int(size, radix: 16) else {
            throw Failure(description: "not the size of a chunk: \(size)")
        }
        let chunk = try take(count, until: deadline)
        _ = try line(until: deadline)
        return chunk
    }
}

/// Runs the calls of one client one after another, off Swift's pool.
private final class ClientQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "raw-http-client")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
