import NIOCore

/// An answer without a body that the channel gives by itself, because there is no request that the
/// routes could answer. The connection ends after it.
enum BareAnswer: Hashable, Sendable {
    /// The request is not HTTP, or can be read in two ways.
    case badRequest
    /// The head or the body was not complete in time.
    case requestTimeout
    /// The request target is over ``HTTPLimits/uriBytes``.
    case uriTooLong
    /// Over ``HTTPLimits/headerBytes`` or ``HTTPLimits/headerFields``.
    case headerFieldsTooLarge
    /// Over ``HTTPLimits/connections`` or ``HTTPLimits/connectionsPerSource``.
    case serviceUnavailable

    /// The bytes on the wire.
    var buffer: ByteBuffer {
        ByteBuffer(
            string: "HTTP/1.1 \(statusLine)\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    }

    private var statusLine: String {
        switch self {
        case .badRequest: "400 Bad Request"
        case .requestTimeout: "408 Request Timeout"
        case .uriTooLong: "414 URI Too Long"
        case .headerFieldsTooLarge: "431 Request Header Fields Too Large"
        case .serviceUnavailable: "503 Service Unavailable"
        }
    }
}
