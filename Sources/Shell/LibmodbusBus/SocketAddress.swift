import Glibc

/// An address to connect to, IPv4 or IPv6, with its port.
struct SocketAddress: Hashable, Sendable {
    /// The bytes of a `sockaddr_in` or `sockaddr_in6`.
    private let bytes: [UInt8]
    let family: Int32

    private init(_ info: addrinfo) {
        family = info.ai_family
        bytes = [UInt8](UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
    }

    func connect(_ descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { raw in
            guard let address = raw.bindMemory(to: sockaddr.self).baseAddress else { return -1 }
            return Glibc.connect(descriptor, address, socklen_t(raw.count))
        }
    }

    /// The address that a numeric host names, nil when the host is a name. Does not block.
    static func numeric(host: String, port: UInt16) -> SocketAddress? {
        switch resolve(host: host, port: port, flags: AI_NUMERICHOST) {
        case .success(let addresses): addresses.first
        case .failure: nil
        }
    }

    /// All addresses of a host, in the order the system prefers. May block for long.
    static func named(host: String, port: UInt16) -> Result<[SocketAddress], SystemError> {
        resolve(host: host, port: port, flags: AI_ADDRCONFIG)
    }

    private static func resolve(
        host: String, port: UInt16, flags: Int32
    ) -> Result<[SocketAddress], SystemError> {
        var hints = addrinfo()
        hints.ai_flags = flags | AI_NUMERICSERV
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { return .failure(SystemError(code: errno(ofResolution: code))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next {
            addresses.append(SocketAddress(info.pointee))
            next = info.pointee.ai_next
        }
        return .success(addresses)
    }

    /// The errno that says best what a name resolution's own code says.
    private static func errno(ofResolution code: Int32) -> Int32 {
        switch code {
        case EAI_SYSTEM: Glibc.errno
        case EAI_AGAIN: EAGAIN
        case EAI_MEMORY: ENOMEM
        default: ENXIO
        }
    }
}
