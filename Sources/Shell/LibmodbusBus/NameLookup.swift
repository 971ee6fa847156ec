import CLinux
import Glibc
import Modbus

/// One resolution of a host name on a thread of its own.
///
/// `getaddrinfo` blocks for as long as it likes (10 s and more without a name server), so the bus
/// thread only waits for it, with a deadline. A lookup that outlives its deadline is kept and waited
/// for again, so that there is never more than one such thread per bus.
final class NameLookup: Sendable {
    typealias Resolver =
        @Sendable (_ host: String, _ port: UInt16) -> Result<
            [SocketAddress], SystemError
        >

    private let outcome = Monitor<Result<[SocketAddress], SystemError>?>(nil)
    private let host: String
    private let port: UInt16
    private let resolver: Resolver
    private let done: SocketPair

    init(
        host: String, port: UInt16, resolver: @escaping Resolver = SocketAddress.named
    ) throws(SystemError) {
        self.host = host
        self.port = port
        self.resolver = resolver
        done = try SocketPair()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<NameLookup>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemError(code: code)
        }
        pthread_detach(thread)
    }

    deinit { done.close() }

    private func run() {
        evse_name_thread("modbus-name")
        let result = resolver(host, port)
        outcome.withLock { $0 = result }
        shutdown(done.far, Int32(SHUT_RDWR))
    }

    /// Whether the thread has come back, with or without an address.
    var isFinished: Bool { outcome.withLock { $0 != nil } }

    /// Waits for the addresses.
    ///
    /// - Throws: `.timeout` past the deadline, `.busShutDown`, or `.connectionLost`: `ENXIO` when
    ///   the name is not known, `EAGAIN` when no name server answered.
    func addresses(
        before deadline: Deadline, gate: LinkGate
    ) throws(ModbusError) -> [SocketAddress] {
        guard gate.publish(done.near) else { throw .busShutDown }
        defer { gate.withdraw() }
        do {
            _ = try deadline.wait(for: Int32(POLLIN), on: done.near)
        } catch {
            throw .connectionLost(errno: error.code)
        }
        guard !gate.isShutDown else { throw .busShutDown }
        switch outcome.withLock({ $0 }) {
        case .success(let addresses): return addresses
        case .failure(let error): throw .connectionLost(errno: error.code)
        case nil: throw .timeout
        }
    }
}
