import AgentTestSupport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import AgentAPI

/// The suites that run a server on real sockets, one test after another: each of them loads the
/// computer and has times to keep.
@Suite(.serialized) enum ServerOnSockets {}

/// Runs a server on a port of the system's choice for the time of a test, then shuts it down.
func withServer<Result: Sendable>(
    limits: HTTPLimits = HTTPLimits(), _ body: @Sendable (RunningServer) async throws -> Result
) async throws -> Result {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let registry = ConnectionRegistry(limits: limits)
    let ended = EndedStreams()
    let server = AgentHTTPServer(
        responder: serverTestRouter(ended: ended).buildResponder(), host: "127.0.0.1", port: 0,
        limits: limits, logger: quietLogger(), registry: registry,
        onListening: { port.yield($0) })
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(services: [server], logger: quietLogger()))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { port.finish() }
            try await group.run()
        }
        guard let bound = await ports.first(where: { _ in true }) else {
            try await tasks.waitForAll()
            throw ServerDidNotStart()
        }
        let result = try await body(
            RunningServer(port: bound, registry: registry, ended: ended))
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

struct ServerDidNotStart: Error {}

func quietLogger() -> Logger {
    var logger = Logger(label: "server-test")
    logger.logLevel = .critical
    return logger
}

/// A server under test.
struct RunningServer: Sendable {
    let port: Int
    let registry: ConnectionRegistry
    let ended: EndedStreams

    func client(
        from source: String = "127.0.0.1", receiveBuffer: Int32? = nil
    ) async throws -> RawHTTPClient {
        try await RawHTTPClient(port: port, from: source, receiveBuffer: receiveBuffer)
    }

    var connections: Int { registry.openConnections }
}

/// Counts the streams of a test that the server has ended.
actor EndedStreams {
    private(set) var count = 0

    func add() { count += 1 }
}

/// Asks again and again until it is so; the test fails when it never is.
func untilItIsSo(
    within timeout: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + timeout
    while true {
        do {
            if try await condition() { return }
        } catch {
            if ContinuousClock.now > deadline { throw error }
        }
        guard ContinuousClock.now < deadline else { throw NeverSo() }
        try await Task.sleep(for: .milliseconds(10))
    }
}

struct NeverSo: Error {}

/// The limits of the agent but for what a test changes. Tests on real sockets shorten the one time
/// they are about: the computer may be slow, and the others must not strike first.
func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
    var limits = HTTPLimits()
    change(&limits)
    return limits
}

/// A context that knows the source of its request, as the agent's own does.
struct ServerTestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let source: SourceAddress

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        self.source = SourceAddress(source.channel)
    }
}

/// Routes that show what reached them, and routes that take long.
func serverTestRouter(ended: EndedStreams = EndedStreams()) -> Router<ServerTestContext> {
    let router = Router(context: ServerTestContext.self)
    router.get("/hello") { _, _ in "hello" }
    router.get("/source") { _, context in context.source.description }
    router.post("/ignore") { _, _ in "did not look at the body" }
    router.get("/large") { _, _ in String(repeating: "l", count: 2_000_000) }
    router.post("/echo") { request, _ in
        do {
            let body = try await request.body.collect(upTo: 1 << 20)
            return Response(status: .ok, body: ResponseBody(byteBuffer: body))
        } catch is NIOTooManyBytesError {
            let body = ByteBuffer(string: #"{"success":false}"#)
            return Response(status: .contentTooLarge, body: ResponseBody(byteBuffer: body))
        }
    }
    addStreams(to: router, ended: ended)
    return router
}

private func addStreams(to router: Router<ServerTestContext>, ended: EndedStreams) {
    router.get("/stream") { _, _ in
        stream { writer in
            try await writer.write(ByteBuffer(string: ": open\n\n"))
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                await ended.add()
                throw error
            }
        }
    }
    router.get("/ticks") { _, _ in
        stream { writer in
            for _ in 1...12 {
                try await writer.write(ByteBuffer(string: ": tick\n\n"))
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
    router.get("/soon") { _, _ in
        stream { writer in
            try await writer.write(ByteBuffer(string: "begun"))
            try await Task.sleep(for: .milliseconds(200))
            try await writer.write(ByteBuffer(string: "done"))
        }
    }
    router.get("/flood") { _, _ in
        stream { writer in
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 * 1024)
            while true { try await writer.write(piece) }
        }
    }
    router.get("/stubborn") { _, _ in
        // Goes on until its writes fail, as a route does that forgets about cancellation.
        stream { writer in
            while true {
                try await writer.write(ByteBuffer(string: ": still here\n\n"))
                do {
                    try await Task.sleep(for: .milliseconds(20))
                } catch {
                    await Task.yield()
                }
            }
        }
    }
}

private func stream(
    _ body: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void
) -> Response {
    Response(
        status: .ok, headers: [.contentType: "text/event-stream"],
        body: ResponseBody { writer in
            try await body(&writer)
            try await writer.finish(nil)
        })
}
