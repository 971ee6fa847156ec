import HTTPTypes
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The head of a request that can be read in one way only.
///
/// The parser refuses what is not HTTP: two lengths, a length beside a transfer coding, folded
/// lines, control characters. This adds what a parser must leave to its server (RFC 9112, sections
/// 3.2 and 6.1).
struct RequestHead {
    /// Why a head is not taken.
    struct Refusal: Error, Equatable {
        var answer: BareAnswer

        static let malformed = Refusal(answer: .badRequest)
        static let uriTooLong = Refusal(answer: .uriTooLong)
    }

    let request: HTTPRequest
    /// Bytes the client announces; 0 when it announces none or sends chunks.
    let contentLength: Int
    /// The connection ends after this request.
    let isLast: Bool
    /// The client waits for leave before it sends the body.
    let expectsContinue: Bool

    init(_ head: HTTPRequestHead, limits: HTTPLimits) throws(Refusal) {
        guard head.uri.utf8.count <= limits.uriBytes else { throw .uriTooLong }
        // A tunnel is not served, and after a request for one the parser reads no further request.
        guard head.method != .CONNECT else { throw .malformed }
        guard head.uri.first == "/" || head.uri.first == "h" || head.uri == "*" else {
            throw .malformed
        }
        // The parser takes version 1 only.
        let isHTTP11 = head.version.minor >= 1
        let hosts = head.headers["Host"].count
        guard hosts == 1 || (hosts == 0 && !isHTTP11) else { throw .malformed }

        let codings = head.headers["Transfer-Encoding"]
        let isChunked = codings.count == 1 && codings[0].lowercased() == "chunked"
        guard codings.isEmpty || (isChunked && isHTTP11) else { throw .malformed }

        let lengths = head.headers["Content-Length"]
        guard lengths.count <= 1, lengths.isEmpty || codings.isEmpty else { throw .malformed }
        guard let length = lengths.first.map(Self.length) ?? 0 else { throw .malformed }

        do {
            request = try HTTPRequest(head, secure: false, splitCookie: false)
        } catch {
            throw .malformed
        }
        contentLength = length
        isLast = !head.isKeepAlive || head.headers.contains(name: "Upgrade")
        expectsContinue =
            isHTTP11
            && head.headers["Expect"].contains { $0.lowercased() == "100-continue" }
    }

    /// A length of digits alone: `Int` would take a sign as well.
    private static func length(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
