import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Why the HTTP server cannot work.
package struct HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// What is wrong and what to do about it, such as `cannot listen on 127.0.0.1:8080: address
    /// already in use (...)`.
    package let description: String

    init(cannotListenOn host: String, port: Int, because error: IOError) {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let reason =
            switch error.errnoCode {
            case EADDRINUSE:
                "address already in use (stop the other program or choose another port)"
            case EADDRNOTAVAIL:
                "this computer has no such address (choose one of its own, or 0.0.0.0 for all)"
            case EACCES:
                "permission denied (ports below 1024 are reserved; choose a higher one)"
            default: "\(error)"
            }
        description = "cannot listen on \(place): \(reason)"
    }
}
