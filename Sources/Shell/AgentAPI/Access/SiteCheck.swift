import HTTPTypes
import NIOCore

/// Keeps pages of other sites away from the agent (requirement R35).
///
/// A browser in the plant's network runs pages from anywhere. Such a page reaches the agent under a
/// name of its own that it lets point here (DNS rebinding): then `Host` has that name. Or it sends a
/// request across sites: then `Origin` is another one than `Host`. An IP address can be nobody's
/// name, so every address is fine as `Host`, and only names have to be allowed.
package struct SiteCheck: Sendable {
    private let names: Set<String>

    /// - Parameter names: What the agent is called beside `localhost` and its addresses, such as
    ///   `wallbox-pi.local`.
    package init(names: [String] = []) {
        self.names = Set((names + ["localhost"]).map(Self.canonical))
    }

    /// - Throws: 403 where the request is for, or comes from, another site.
    func check(_ request: HTTPRequest) throws(APIError) {
        // Only HTTP/1.0 gets here without a host, and no browser speaks that.
        let host = request.authority
        if let host {
            guard let name = Self.hostName(host), isOurs(name) else { throw .foreignHost }
        }
        let origins = request.headerFields[values: .origin]
        guard let origin = origins.first else { return }
        guard origins.count == 1, let host, Self.isOrigin(origin, of: host) else {
            throw .foreignOrigin
        }
    }

    private func isOurs(_ name: String) -> Bool {
        names.contains(name) || Self.isAddress(name)
    }

    /// Without port, in lower case; nil where it is none.
    private static func hostName(_ authority: String) -> String? {
        var name = authority[...]
        // The colons of an IPv6 address are in brackets.
        if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") {
            let port = name[name.index(after: colon)...].utf8
            guard port.count <= 5, port.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            name = name[..<colon]
        }
        return name.isEmpty ? nil : canonical(String(name))
    }

    private static func canonical(_ name: String) -> String {
        let lowercased = name.lowercased()
        return lowercased.hasSuffix(".") ? String(lowercased.dropLast()) : lowercased
    }

    private static func isAddress(_ name: String) -> Bool {
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        let text = isBracketed ? String(name.dropFirst().dropLast()) : name
        guard text.contains(":") == isBracketed else { return false }
        do {
            _ = try SocketAddress(ipAddress: text, port: 0)
            return true
        } catch {
            // It is a name; saying so is all that the error does.
            return false
        }
    }

    /// Whether an origin (RFC 6454) is the site that the request is for.
    private static func isOrigin(_ origin: String, of host: String) -> Bool {
        ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
    }
}

extension APIError {
    fileprivate static var foreignHost: APIError {
        APIError(
            .hostNotAllowed,
            "the agent does not answer to this `Host`; use its address, or allow the name in its "
                + "configuration")
    }

    fileprivate static var foreignOrigin: APIError {
        APIError(.originNotAllowed, "pages of other sites may not use the agent")
    }
}
