import Glibc

/// What may be touched from outside the bus thread: the one descriptor on which the thread may just
/// now be blocked, and whether the bus has been shut down.
///
/// `shutDown()` shuts that descriptor's socket down, so that whatever waits on it wakes. The
/// descriptor is published before it is waited on and withdrawn before it is closed, both under
/// the lock, so that a number the system has given to someone else is never shut down.
final class LinkGate: Sendable {
    private struct State {
        var descriptor: Int32?
        var isShutDown = false
    }

    private let state = Monitor(State())

    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// - Returns: False when the bus is shut down and nothing must be waited for any more.
    func publish(_ descriptor: Int32) -> Bool {
        state.withLock { state in
            guard !state.isShutDown else { return false }
            state.descriptor = descriptor
            return true
        }
    }

    func withdraw() {
        state.withLock { $0.descriptor = nil }
    }

    /// Refuses everything from now on and wakes the bus thread.
    func shutDown() {
        state.withLock { state in
            state.isShutDown = true
            if let descriptor = state.descriptor { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Waits until the deadline or the shut-down, whichever comes first.
    func pause(until deadline: Deadline) throws(SystemError) {
        guard deadline.remaining > 0 else { return }
        let pair = try SocketPair()
        defer { pair.close() }
        guard publish(pair.near) else { return }
        defer { withdraw() }
        _ = try deadline.wait(for: Int32(POLLIN), on: pair.near)
    }
}

/// Two connected sockets: closing the far one, or shutting down the near one, wakes who waits on the
/// near one.
struct SocketPair {
    let near: Int32
    let far: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError(code: errno) }
        (near, far) = (ends[0], ends[1])
    }

    func close() {
        Glibc.close(near)
        Glibc.close(far)
    }
}
