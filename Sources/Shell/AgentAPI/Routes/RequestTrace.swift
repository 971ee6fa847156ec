import ChargeControl
import ChargeModel
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// What is known of a request from its first byte to its answer: it fills the `meta` of the envelope
/// and the line in the log.
struct RequestTrace: Sendable {
    let id: String
    let method: String
    /// Without the query, which nobody needs to see again.
    let path: String
    let source: String
    let startedAt: TimePoint

    // MARK: Envelopes

    func response(_ reply: Reply, environment: APIEnvironment?, at now: TimePoint) -> Response {
        switch reply {
        case .data(let data, let status):
            var meta: [JSON.Member] = [.init("requestId", .string(id))]
            if let environment {
                meta.append(.init("environment", .string(environment.rawValue)))
            }
            meta.append(.init("timestamp", .string(now.wall.timestamp)))
            meta.append(.init("latencyMs", .integer(latency(at: now).milliseconds)))
            return response(["success": true, "data": data, "meta": .object(meta)], status: status)
        case .document(let bytes, let contentType):
            return Response(
                status: .ok, headers: headers(contentType),
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let body, let contentType):
            return Response(status: .ok, headers: headers(contentType), body: body)
        }
    }

    func response(_ error: APIError, at now: TimePoint) -> Response {
        var content: [JSON.Member] = [
            .init("code", .string(error.code.rawValue)), .init("message", .string(error.message)),
        ]
        if let details = error.details { content.append(.init("details", details)) }
        let envelope: JSON = [
            "success": false,
            "error": .object(content),
            "meta": [
                "requestId": .string(id), "timestamp": .string(now.wall.timestamp),
                "path": .string(path), "latencyMs": .integer(latency(at: now).milliseconds),
            ],
        ]
        var response = response(envelope, status: error.code.status)
        for field in error.headers { response.headers.append(field) }
        return response
    }

    private func response(_ envelope: JSON, status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: headers("application/json"),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: envelope.utf8)))
    }

    private func headers(_ contentType: String) -> HTTPFields {
        [
            .contentType: contentType, .cacheControl: "no-store",
            .xContentTypeOptions: "nosniff", .requestID: id,
        ]
    }

    private func latency(at now: TimePoint) -> Duration {
        max(.zero, startedAt.monotonic.duration(to: now.monotonic))
    }

    // MARK: Log

    /// What the log says of the request: never a key, nothing that a client could break a line with.
    func metadata(
        key: APIKey?, status: HTTPResponse.Status? = nil, at now: TimePoint? = nil
    ) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "requestId": .string(id), "method": .string(LogText.escaped(method)),
            "path": .string(LogText.escaped(path)), "source": .string(LogText.escaped(source)),
        ]
        if let key { metadata["key"] = .string(key.id) }
        if let status { metadata["status"] = .stringConvertible(status.code) }
        if let now { metadata["latencyMs"] = .stringConvertible(latency(at: now).milliseconds) }
        return metadata
    }
}

/// Text of a client on its way to the log.
enum LogText {
    /// Printable ASCII stays, the rest is escaped; what is longer than 256 characters is cut.
    static func escaped(_ text: String) -> String {
        text.prefix(ofScalars: 256).unicodeScalars.reduce(into: "") { result, scalar in
            if scalar.isASCII, scalar.value >= 0x20, scalar.value != 0x7F {
                result.unicodeScalars.append(scalar)
            } else {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
    }
}
