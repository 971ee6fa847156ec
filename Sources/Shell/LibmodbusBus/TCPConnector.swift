import Glibc
import Modbus

/// Makes TCP connections with an absolute deadline.
///
/// Not `modbus_connect`: version 3.1.6 leaves errno unset when it times out, and its variant for
/// names resolves them without a limit.
enum TCPConnector {
    /// libmodbus 3.1.6 waits with `select` and aborts the process on a descriptor of 1,024 or more.
    static let descriptorLimit: Int32 = 1_024

    /// Connects to the first address that accepts; each gets an equal share of the time left.
    ///
    /// The descriptor is non-blocking, closed on exec, without Nagle's delay, and published in the
    /// gate.
    ///
    /// - Throws: `.timeout`, `.busShutDown`, or `.connectionLost` with the errno of the last address.
    static func connect(
        toFirstOf addresses: [SocketAddress], before deadline: Deadline, gate: LinkGate
    ) throws(ModbusError) -> Int32 {
        var failure = ModbusError.connectionLost(errno: ENXIO)
        for (index, address) in addresses.enumerated() {
            do {
                let share = deadline.share(of: addresses.count - index)
                return try connect(to: address, before: share, gate: gate)
            } catch .busShutDown {
                throw .busShutDown
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connect(
        to address: SocketAddress, before deadline: Deadline, gate: LinkGate
    ) throws(ModbusError) -> Int32 {
        let kind =
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = try admitted(socket(address.family, kind, Int32(IPPROTO_TCP)))
        guard gate.publish(descriptor) else {
            close(descriptor)
            throw .busShutDown
        }
        do {
            try finishConnecting(descriptor, to: address, before: deadline)
            return descriptor
        } catch {
            gate.withdraw()
            close(descriptor)
            throw gate.isShutDown ? .busShutDown : error
        }
    }

    /// Takes the result of `socket`, but no descriptor that libmodbus cannot serve.
    ///
    /// - Throws: `.connectionLost` with `EMFILE` when the process has too many files open.
    static func admitted(
        _ descriptor: Int32, below limit: Int32 = descriptorLimit
    ) throws(ModbusError) -> Int32 {
        guard descriptor >= 0 else { throw .connectionLost(errno: errno) }
        guard descriptor < limit else {
            close(descriptor)
            throw .connectionLost(errno: EMFILE)
        }
        return descriptor
    }

    private static func finishConnecting(
        _ descriptor: Int32, to address: SocketAddress, before deadline: Deadline
    ) throws(ModbusError) {
        try set(IPPROTO_TCP, TCP_NODELAY, on: descriptor)
        if address.connect(descriptor) == 0 { return }
        // An interrupted connect goes on by itself, like one in progress.
        guard errno == EINPROGRESS || errno == EINTR else { throw .connectionLost(errno: errno) }
        let events: Int32?
        do {
            events = try deadline.wait(for: Int32(POLLOUT), on: descriptor)
        } catch {
            throw .connectionLost(errno: error.code)
        }
        guard let events else { throw .timeout }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
            throw .connectionLost(errno: errno)
        }
        guard code == 0 else { throw .connectionLost(errno: code) }
        guard events & Int32(POLLHUP) == 0 else { throw .connectionLost(errno: ECONNRESET) }
    }

    private static func set(
        _ level: Int, _ option: Int32, on descriptor: Int32
    ) throws(ModbusError) {
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, Int32(level), option, &on, size) == 0 else {
            throw .connectionLost(errno: errno)
        }
    }
}
