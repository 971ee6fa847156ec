import CLinux
import Glibc
import Modbus

/// An open link that carries RTU frames: a serial port, or a socket to a gateway.
///
/// It waits for the first byte of a frame itself, so that a shut-down wakes it; the rest of the frame
/// is read by libmodbus, within the deadline.
final class RTULink {
    private let context: LibmodbusContext
    private let descriptor: Int32
    /// The lock of a serial port; nil for a socket.
    private let lock: Int32?
    private let alarm: SocketPair
    private let gate: LinkGate
    /// When the line was last seen busy, in nanoseconds of the monotonic clock.
    private var busyUntil = Deadline.now
    private var buffer = [UInt8](repeating: 0, count: LibmodbusContext.receiveCapacity)

    /// The most stray bytes that are kept to be looked at.
    private static let strayCapacity = 512

    /// Takes the context, its descriptor and the lock over.
    ///
    /// - Throws: `.busShutDown`, or `.connectionLost` when there is no descriptor left.
    init(_ context: LibmodbusContext, lock: Int32?, gate: LinkGate) throws(ModbusError) {
        func fail(_ error: ModbusError) -> ModbusError {
            context.close()
            if let lock { Glibc.close(lock) }
            return error
        }
        guard let descriptor = context.descriptor else {
            throw fail(.connectionLost(errno: ENOTCONN))
        }
        let alarm: SocketPair
        do {
            alarm = try SocketPair()
        } catch {
            throw fail(.connectionLost(errno: error.code))
        }
        guard gate.publish(alarm.near) else {
            alarm.close()
            throw fail(.busShutDown)
        }
        self.context = context
        self.descriptor = descriptor
        self.lock = lock
        self.alarm = alarm
        self.gate = gate
    }

    deinit {
        gate.withdraw()
        alarm.close()
        context.close()
        if let lock { Glibc.close(lock) }
    }

    // MARK: - Sending

    /// Waits until the line has been silent for a time, and throws away what arrives meanwhile.
    ///
    /// - Returns: What was thrown away; empty on a line as it should be.
    /// - Throws: `.malformed(.unsolicitedBytes)` when the line is never silent.
    func awaitSilence(
        for gap: Duration, before deadline: Deadline
    ) throws(ModbusError) -> [UInt8] {
        let (seconds, attoseconds) = gap.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        var strays: [UInt8] = []
        while true {
            let quiet = Deadline(nanoseconds: busyUntil + nanoseconds)
            guard quiet.nanoseconds <= deadline.nanoseconds || quiet.remaining == 0 else {
                throw strays.isEmpty ? .timeout : .malformed(.unsolicitedBytes)
            }
            guard try waitForBytes(before: quiet) else { return strays }
            strays += try readWhatIsThere().prefix(max(0, Self.strayCapacity - strays.count))
            guard deadline.remaining > 0 else { throw .malformed(.unsolicitedBytes) }
        }
    }

    /// Sends all bytes, in as many pieces as the system takes.
    func send(_ bytes: [UInt8], before deadline: Deadline) throws(ModbusError) {
        guard lock != nil else {
            return try LinkSocket(descriptor: descriptor).send(bytes, before: deadline)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                guard try wait(for: Int32(POLLOUT), before: deadline) else { throw .timeout }
            } else if errno != EINTR {
                throw .connectionLost(errno: errno)
            }
        }
        busyUntil = Deadline.now
    }

    // MARK: - Receiving

    /// The next intact frame, of whatever unit.
    ///
    /// - Throws: `.malformed(.checksum)` once the line is silent again after something else.
    func receive(
        resyncGap: Duration, before deadline: Deadline
    ) throws(ModbusError) -> ArraySlice<UInt8> {
        guard try waitForBytes(before: deadline) else { throw .timeout }
        defer { busyUntil = Deadline.now }
        do {
            // libmodbus gives no length here: it was never told a unit.
            _ = try context.receive(into: &buffer, before: deadline)
            let frame = buffer.prefix(RTUFrame.answerLength(buffer[...]))
            if RTUFrame.isIntact(frame) { return frame }
        } catch {
            switch error {
            case .timeout: throw .timeout
            case .connectionLost(let errno): throw .connectionLost(errno: errno)
            case .tooLong, .checksum: break
            }
        }
        busyUntil = Deadline.now
        _ = try awaitSilence(for: resyncGap, before: deadline)
        throw .malformed(.checksum)
    }

    /// Drops everything until the deadline.
    func ignoreEverything(until deadline: Deadline) throws(ModbusError) {
        while try waitForBytes(before: deadline) {
            _ = try readWhatIsThere()
            guard deadline.remaining > 0 else { return }
        }
    }

    /// - Returns: False when the deadline has passed.
    private func waitForBytes(before deadline: Deadline) throws(ModbusError) -> Bool {
        try wait(for: Int32(POLLIN), before: deadline)
    }

    private func wait(for events: Int32, before deadline: Deadline) throws(ModbusError) -> Bool {
        let awaited: Deadline.Awaited
        do {
            awaited = try deadline.wait(for: events, on: descriptor, alarm: alarm.near)
        } catch {
            throw .connectionLost(errno: error.code)
        }
        switch awaited {
        case .ready: return true
        case .timeIsOver: return false
        case .alarm: throw .busShutDown
        }
    }

    private func readWhatIsThere() throws(ModbusError) -> ArraySlice<UInt8> {
        while true {
            let count = read(descriptor, &buffer, LibmodbusContext.receiveCapacity)
            busyUntil = Deadline.now
            if count > 0 { return buffer.prefix(count) }
            // No bytes although there should be some: the other end has gone.
            if count == 0 { throw .connectionLost(errno: ECONNRESET) }
            if errno == EAGAIN { return [] }
            guard errno == EINTR else { throw .connectionLost(errno: errno) }
        }
    }
}
