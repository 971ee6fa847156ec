import AgentTestSupport
import ChargeControl
import ChargeModel
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Testing

@testable import AgentAPI

/// A router on a fake agent, asked within the process.
struct APIHarness {
    let service: FakeAgentService
    let keys: KeyRing
    let router: AgentRouter
    let log: RecordedLog
    let events = RecordedEvents()

    /// - Parameter step: How far the clock goes on with every reading.
    init(
        view: AgentView = Scene.view, step: Duration = .zero,
        routes: RouteTable = AgentRouter.table, site: SiteCheck = SiteCheck(),
        limits: (inout AgentRouter.Limits) -> Void = { _ in }
    ) {
        service = FakeAgentService(view: view, now: Scene.now, step: step)
        keys = KeyRing(Scene.keys)
        log = RecordedLog()
        var bounds = AgentRouter.Limits()
        limits(&bounds)
        router = AgentRouter(
            service: service, keys: keys, zone: TestZones.berlin, zones: SceneZones(), site: site,
            limits: bounds, events: events, logger: log.logger, routes: routes)
    }

    /// No limit in the way of tests that ask a lot.
    static func unlimited(view: AgentView = Scene.view) -> APIHarness {
        APIHarness(view: view) { limits in
            limits.failedAuthentications = .never
            limits.requestsOfAKey = .never
        }
    }

    func get(_ path: String, key: String? = Scene.sandboxKey) async throws -> Answer {
        try await ask("GET", path, key: key)
    }

    func post(
        _ path: String, _ body: String, key: String? = Scene.sandboxKey,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await ask(
            "POST", path, key: key,
            headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    func put(
        _ path: String, _ body: String, key: String? = Scene.sandboxKey,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await ask(
            "PUT", path, key: key,
            headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    func delete(
        _ path: String, key: String? = Scene.sandboxKey, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await ask("DELETE", path, key: key, headers: headers)
    }

    func post(_ path: String, bytes: [UInt8]) async throws -> Answer {
        try await ask(
            "POST", path, headers: [("Content-Type", "application/json")], bytes: bytes)
    }

    /// Asks, and holds what comes back against the OpenAPI document, whatever the test is about.
    func ask(
        _ method: String, _ path: String, key: String? = Scene.sandboxKey,
        headers: [(String, String)] = [], body: String? = nil, bytes: [UInt8]? = nil,
        host: String? = "127.0.0.1", from source: String = "192.0.2.1"
    ) async throws -> Answer {
        let response = try await respond(
            method, path, key: key, headers: headers, body: bytes ?? body.map { Array($0.utf8) },
            host: host, from: source)
        let collector = CollectingWriter()
        try await response.body.write(collector)
        let answer = Answer(
            status: response.status.code, headers: response.headers, bytes: collector.bytes)
        for problem in try OpenAPIContract.problems(method, path, answer) {
            Issue.record("\(method) \(path) \(answer.status) against openapi.json: \(problem)")
        }
        return answer
    }

    /// The response before its body is read, as event streams need it.
    func respond(
        _ method: String, _ path: String, key: String?, headers: [(String, String)] = [],
        body: [UInt8]? = nil, host: String? = "127.0.0.1", from source: String = "192.0.2.1"
    ) async throws -> Response {
        var fields = HTTPFields()
        if let key { fields.append(HTTPField(name: .apiKey, value: key)) }
        for (name, value) in headers {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        if let body, !fields.contains(.contentLength) {
            fields.append(HTTPField(name: .contentLength, value: String(body.count)))
        }
        let head = HTTPRequest(
            method: try #require(HTTPRequest.Method(method)), scheme: "http",
            authority: host, path: path, headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body ?? [])))
        return try await router.respond(to: request, from: source)
    }
}

extension RateLimiter {
    /// A limit that no test comes near to.
    static let never = RateLimiter(count: 1_000_000, per: .seconds(1), burst: 1_000_000)
}

/// An answer with its body.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }

    func json() throws -> JSON {
        try JSONParser.parse(bytes)
    }

    func data() throws -> JSON {
        try #require(try json()["data"])
    }

    /// The error's code; nil where it is no error.
    var code: String? {
        get throws { try json()["error"]?["code"]?.text }
    }

    /// `details.field` of an error.
    var field: String? {
        get throws { try details?["field"]?.text }
    }

    /// `details.reason` of an error.
    var reason: String? {
        get throws { try details?["reason"]?.text }
    }

    /// `details` of an error.
    var details: JSON? {
        get throws { try json()["error"]?["details"] }
    }
}

extension JSON {
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}

/// Keeps what a response body writes.
final class CollectingWriter: ResponseBodyWriter {
    private(set) var bytes: [UInt8] = []

    func write(_ buffer: ByteBuffer) async throws {
        bytes.append(contentsOf: buffer.readableBytesView)
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
