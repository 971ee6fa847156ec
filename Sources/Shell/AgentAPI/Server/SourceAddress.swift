import NIOCore

/// The network address a connection comes from, without its port: what limits per source count by.
///
/// The whole address counts for IPv6 too. Counting by /64 would put every client of a home network
/// into one bucket, and a neighbour with many addresses still meets the limit on connections in
/// total.
package struct SourceAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address as text, such as `192.168.1.20` or `fe80::1`.
    package let description: String

    /// The source of the requests on a channel.
    package init(_ channel: any Channel) {
        self.init(channel.remoteAddress)
    }

    package init(_ address: SocketAddress?) {
        switch address {
        case .v4, .v6:
            let text = address?.ipAddress ?? "unknown"
            // A socket that listens for both families shows an IPv4 client in this form.
            let mapped = "::ffff:"
            let isMapped = text.hasPrefix(mapped) && text.contains(".")
            description = isMapped ? String(text.dropFirst(mapped.count)) : text
        case .unixDomainSocket: description = "local"
        case nil: description = "unknown"
        }
    }
}
