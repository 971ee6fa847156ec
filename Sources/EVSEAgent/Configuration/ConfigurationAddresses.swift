/// Where to listen, and hosts and ports taken apart.
enum ConfigurationAddresses {
    typealias SocketAddress = AgentConfiguration.SocketAddress

    /// `host:port`, or `[::1]:port`.
    static func listen(_ text: String) throws(ConfigurationProblem) -> SocketAddress {
        let (host, port) = try hostAndPort(text, ports: 0...65_535)
        guard let port else {
            throw ConfigurationProblem(
                "'\(text)' has no port", "Write host:port, such as 127.0.0.1:8080")
        }
        return SocketAddress(host: host, port: port)
    }

    /// A name under which this computer can be asked for, in lower case.
    static func hostName(_ text: String) throws(ConfigurationProblem) -> String {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            1...63 ~= label.count && label.first != "-" && label.last != "-"
                && label.allSatisfy {
                    $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
                }
        }
        guard text.utf8.count <= 253, isName else {
            throw ConfigurationProblem(
                "'\(text)' is not the name of a computer",
                "Write the name alone, with no scheme, port, path or *, such as raspberrypi.local")
        }
        // The last label of a name is never a number (RFC 3696, section 2).
        guard !ConfigurationValues.isDigits(labels[labels.count - 1]) else {
            throw ConfigurationProblem(
                "'\(text)' is an address", "Leave it out: addresses are permitted anyway")
        }
        return text.lowercased()
    }

    static func hostAndPort(
        _ text: String, ports: ClosedRange<Int>
    ) throws(ConfigurationProblem) -> (host: String, port: Int?) {
        let host: Substring
        let rest: Substring
        let isHost: (Character) -> Bool
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[..<end].dropFirst()
            rest = text[end...].dropFirst()
            isHost = { $0.isHexDigit || $0 == ":" || $0 == "." }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text.dropFirst(host.count)
            isHost = { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" }
        }
        guard 1...253 ~= host.count, host.allSatisfy({ $0.isASCII && isHost($0) }) else {
            throw ConfigurationProblem(
                "'\(text)' has no host that can be reached",
                "Write a name or an address; an IPv6 address stands in brackets, such as [::1]")
        }
        guard !rest.isEmpty else { return (host.lowercased(), nil) }
        guard rest.hasPrefix(":") else {
            throw ConfigurationProblem("'\(text)' is not host:port", "Write a colon and the port")
        }
        let port = try ConfigurationValues.number(
            String(rest.dropFirst()), in: ports, "a port")
        return (host.lowercased(), port)
    }
}
