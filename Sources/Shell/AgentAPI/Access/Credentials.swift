import HTTPTypes

/// The key that a request shows, in `x-api-key` or as a bearer token.
enum Credentials: Hashable {
    case absent
    /// More than one, or not of the form.
    case malformed
    case presented(String)

    init(_ headers: HTTPFields) {
        let keys = headers[values: .apiKey]
        let authorizations = headers[values: .authorization]
        var found: [Substring] = keys.map { $0[...] }
        for authorization in authorizations {
            guard let token = Self.bearerToken(authorization) else {
                self = .malformed
                return
            }
            found.append(token)
        }
        switch (found.first, found.count) {
        case (nil, _): self = .absent
        case (let first?, 1): self = .presented(String(first))
        case (let first?, 2) where keys.count == 1 && found[1] == first:
            self = .presented(String(first))
        default: self = .malformed
        }
    }

    /// The scheme's name is not case-sensitive (RFC 9110, section 11.1).
    private static func bearerToken(_ value: String) -> Substring? {
        let parts = value.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1]
    }
}
