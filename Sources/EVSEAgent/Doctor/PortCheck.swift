import Glibc

/// Whether the agent could listen on an address, shown by doing so for a moment.
enum PortCheck {
    struct Problem: Error, CustomStringConvertible {
        var description: String
        var remedy: String
    }

    /// - Throws: Why it could not.
    static func listen(host: String, port: Int) throws(Problem) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let info = list?.pointee else {
            throw Problem(
                description: "the host is not known here", remedy: "use an address of this computer"
            )
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // As the server does: what is left of an earlier connection is no obstacle.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, Glibc.listen(descriptor, 1) == 0
        else {
            switch errno {
            case EADDRINUSE:
                throw Problem(
                    description: "something else listens there",
                    remedy: "ss -ltnp shows what; stop it, or give another port in api.listen")
            case EACCES:
                throw Problem(
                    description: "ports below 1024 need privileges",
                    remedy: "give a port from 1024 on in api.listen")
            case let code:
                throw Problem(
                    description: String(cString: strerror(code)),
                    remedy: "use an address of this computer in api.listen")
            }
        }
    }
}
