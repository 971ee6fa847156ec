import HTTPTypes
import HummingbirdCore
import NIOCore

/// The connection failed, or broke the protocol, before the body was there: nobody is left to answer.
struct BodyUnreadable: Error {
    var underlying: any Error
}

/// A body that ended before its announced length.
struct BodyTruncated: Error {}

extension Request {
    /// The bytes of a body that must be JSON.
    ///
    /// - Throws: ``APIError`` where it is too large or of another type; ``BodyUnreadable``.
    func jsonBytes(upTo maximum: Int) async throws -> [UInt8] {
        guard hasJSONType else { throw APIError.notJSON }
        return try await bytes(upTo: maximum)
    }

    /// The bytes of a body; none where there is no body.
    func bytes(upTo maximum: Int) async throws -> [UInt8] {
        let announced = headers[.contentLength].flatMap { Int($0) }
        if let announced, announced > maximum { throw APIError.tooLarge(maximum) }
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: maximum)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(maximum)
        } catch {
            throw BodyUnreadable(underlying: error)
        }
        guard announced.map({ $0 == buffer.readableBytes }) ?? true else {
            throw BodyUnreadable(underlying: BodyTruncated())
        }
        return Array(buffer.readableBytesView)
    }

    /// Whether the head announces a body.
    var announcesBody: Bool {
        headers.contains(.transferEncoding) || (headers[.contentLength].map { $0 != "0" } ?? false)
    }

    /// `application/json`, in UTF-8 and not compressed.
    private var hasJSONType: Bool {
        let types = headers[values: .contentType]
        guard types.count == 1, !headers.contains(.contentEncoding) else { return false }
        let parts = types[0].lowercased().split(separator: ";").map { part in
            part.drop { $0 == " " }.split(separator: " ").joined()
        }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
    }
}

extension JSON {
    /// The body of a request as a value.
    static func body(_ bytes: [UInt8]) throws(APIError) -> JSON {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            let place = error.path.isEmpty ? "body" : error.path
            throw APIError.invalid(place, "is not JSON: \(error.reason) (byte \(error.offset))")
        }
    }
}

extension APIError {
    fileprivate static var notJSON: APIError {
        APIError(
            .unsupportedMediaType,
            "the body must be JSON: send it with `Content-Type: application/json`, not compressed")
    }

    /// The rest of such a body is not worth reading: the connection ends.
    fileprivate static func tooLarge(_ maximum: Int) -> APIError {
        APIError(
            .payloadTooLarge, "the body is larger than \(maximum) bytes",
            headers: [HTTPField(name: .connection, value: "close")])
    }
}
