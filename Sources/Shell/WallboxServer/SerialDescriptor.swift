import CLinux
import Glibc
import Logging
import Modbus
import NIOCore
import Synchronization

/// The open descriptor of a serial line, whose bytes come in on an event loop.
///
/// Not a NIO channel: one whose bytes are flushed between the readiness and the read, as every client
/// of a serial port may do, fails an assertion of NIO.
final class SerialDescriptor: Sendable {
    let path: String
    private let line: Int32
    /// Keeps a pseudo-terminal alive when its master closes it; nil for a device.
    private let terminal: Int32?
    /// Shutting the far one down ends the thread that waits on the near one.
    private let alarm: (near: Int32, far: Int32)
    private let loop: any EventLoop
    private let ended: EventLoopPromise<Void>
    /// Whether the descriptors are closed, and perhaps another's.
    private let isOver = Mutex(false)
    private let logger: Logger

    private static let longestWait: Int64 = 3_600_000_000_000

    /// Opens the port. ``serve(_:)`` must follow, and ``close()`` in the end.
    init(
        _ port: SimulatedSerialLine.Port, on loop: any EventLoop, logger: Logger
    ) throws(SimulatorError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .cannotListen("a serial line", reason: Self.reason(errno))
        }
        alarm = (ends[0], ends[1])
        do throws(SimulatorError) {
            switch port {
            case .pseudoTerminal:
                (line, terminal, path) = try Self.makeTerminal()
            case .device(let path, let settings):
                line = try Self.open(path, settings)
                terminal = nil
                self.path = path
            }
        } catch {
            for end in ends { Glibc.close(end) }
            throw error
        }
        self.loop = loop
        self.logger = logger
        ended = loop.makePromise()
    }

    /// Hands everything that arrives to the slaves, on the event loop.
    func serve(_ makeSlaves: @escaping @Sendable () -> ModbusRTUSlaves) {
        let work = Work(descriptor: self, makeSlaves: makeSlaves)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                evse_name_thread("serial-line")
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        precondition(code == 0, "no thread for a serial line: pthread_create says \(code)")
        pthread_detach(thread)
    }

    /// Closes the line and waits until it is closed; once is as good as twice.
    func close() async throws {
        isOver.withLock { isOver in
            if !isOver { _ = shutdown(alarm.far, Int32(SHUT_RDWR)) }
        }
        try await ended.futureResult.get()
    }

    /// What the thread does.
    private final class Work: Sendable {
        let descriptor: SerialDescriptor
        let makeSlaves: @Sendable () -> ModbusRTUSlaves

        init(
            descriptor: SerialDescriptor, makeSlaves: @escaping @Sendable () -> ModbusRTUSlaves
        ) {
            self.descriptor = descriptor
            self.makeSlaves = makeSlaves
        }

        func run() {
            let (descriptor, makeSlaves) = (descriptor, makeSlaves)
            let loop = descriptor.loop
            let sink = SerialSink(
                line: descriptor.line, peer: descriptor.path, eventLoop: loop)
            let slaves = loop.submit { NIOLoopBound(makeSlaves(), eventLoop: loop) }
            while let bytes = descriptor.receive() {
                slaves.whenSuccess { $0.value.received(bytes, from: sink) }
            }
            slaves.whenComplete { result in
                if case .success(let slaves) = result { slaves.value.end() }
                descriptor.end()
            }
        }
    }

    /// Waits for bytes; nil when the line is to end, or has gone.
    private func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let ready = evse_wait_ready_or_alarm(
                line, Int16(POLLIN), alarm.near, Self.longestWait)
            guard ready != 2 else { return nil }
            guard ready == 1 else { continue }
            let count = read(line, &buffer, 4096)
            if count > 0 { return Array(buffer.prefix(count)) }
            // The master may have flushed what there was.
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            logger.error("the serial port \(path) has gone")
            return nil
        }
    }

    /// On the loop, so that nothing is written to a descriptor that has become another's.
    private func end() {
        isOver.withLock { isOver in
            for descriptor in [line, terminal, alarm.near, alarm.far].compactMap(\.self) {
                Glibc.close(descriptor)
            }
            isOver = true
        }
        ended.succeed()
    }

    // MARK: - Opening

    private static func makeTerminal() throws(SimulatorError) -> (Int32, Int32?, String) {
        var name = [CChar](repeating: 0, count: 64)
        let line = evse_open_pty(&name, name.count)
        guard line >= 0 else {
            throw .cannotListen("a pseudo-terminal", reason: reason(errno))
        }
        let path = String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let terminal = Glibc.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0, fcntl(line, F_SETFL, O_NONBLOCK) == 0 else {
            let code = errno
            Glibc.close(line)
            if terminal >= 0 { Glibc.close(terminal) }
            throw .cannotListen(path, reason: reason(code))
        }
        return (line, terminal, path)
    }

    private static func open(
        _ path: String, _ settings: SerialSettings
    ) throws(SimulatorError) -> Int32 {
        let parity: Character =
            switch settings.parity {
            case .none: "N"
            case .even: "E"
            case .odd: "O"
            }
        let line = evse_open_serial(
            path, Int32(settings.baud), CChar(bitPattern: parity.asciiValue ?? 0),
            Int32(settings.stopBits))
        guard line >= 0 else {
            throw errno == EAGAIN
                ? .addressInUse(path) : .cannotListen(path, reason: reason(errno))
        }
        return line
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// A serial line as the place where answers go: what nobody takes from it is lost.
struct SerialSink: AnswerSink {
    let line: Int32
    let peer: String
    let eventLoop: any EventLoop

    func send(_ bytes: [UInt8]) {
        _ = Glibc.write(line, bytes, bytes.count)
    }

    func giveUp(_ reason: String) {}

    func close() {}

    func reset() {}
}
