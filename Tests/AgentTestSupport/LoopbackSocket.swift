import Glibc

/// Plain POSIX sockets on 127.0.0.1 for test peers.
package enum LoopbackSocket {
    package struct Failure: Error, CustomStringConvertible {
        package let call: String
        package let code: Int32

        package var description: String { "\(call) on 127.0.0.1 failed (errno \(code))" }
    }

    /// A listening socket on a port that the system chooses.
    package static func listen(
        backlog: Int32 = 128
    ) throws(Failure) -> (descriptor: Int32, port: UInt16) {
        let (descriptor, port) = try hold()
        guard Glibc.listen(descriptor, backlog) == 0 else {
            throw failure("listen", closing: descriptor)
        }
        return (descriptor, port)
    }

    /// A socket on a port that the system chooses, which refuses connections: as long as the socket
    /// is open nobody else can listen there.
    package static func hold() throws(Failure) -> (descriptor: Int32, port: UInt16) {
        let descriptor = try make()
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withSocketAddress(&address) { bind(descriptor, $0, size) }
        guard bound == 0 else { throw failure("bind", closing: descriptor) }
        let named = withSocketAddress(&address) { getsockname(descriptor, $0, &size) }
        guard named == 0 else { throw failure("getsockname", closing: descriptor) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A socket that has begun to connect and does not wait for the end of it.
    package static func beginConnecting(to port: UInt16) throws(Failure) -> Int32 {
        let descriptor = try make(flags: Int32(SOCK_NONBLOCK.rawValue))
        var address = loopback(port: port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withSocketAddress(&address) { Glibc.connect(descriptor, $0, size) }
        guard code == 0 || errno == EINPROGRESS else {
            throw failure("connect", closing: descriptor)
        }
        return descriptor
    }

    private static func make(flags: Int32 = 0) throws(Failure) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        return descriptor
    }

    private static func failure(_ call: String, closing descriptor: Int32) -> Failure {
        let failure = Failure(call: call, code: errno)
        close(descriptor)
        return failure
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withSocketAddress<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}

/// A port on which connection attempts neither succeed nor fail: a wallbox behind a dead switch.
///
/// The listening socket's queue is filled and never emptied, so the kernel drops further attempts.
package final class BlackHolePort: Sendable {
    package let port: UInt16
    private let descriptors: [Int32]

    package init() throws(LoopbackSocket.Failure) {
        let listener = try LoopbackSocket.listen(backlog: 0)
        port = listener.port
        var descriptors = [listener.descriptor]
        // One more than the queue holds (backlog + 1) are established or pending.
        for _ in 0..<4 { descriptors.append(try LoopbackSocket.beginConnecting(to: port)) }
        self.descriptors = descriptors
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }
}
