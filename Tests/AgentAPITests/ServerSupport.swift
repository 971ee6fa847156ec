import AgentTestSupport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

@testable import AgentAPI

/// Runs a server on a port of the system's choice for the time of a test, then shuts it down.
func withServer<Result: Sendable>(
    limits: HTTPLimits = HTTPLimits(),
    router: Router<BasicRequestContext> = serverTestRouter(),
    _ body: @Sendable (RunningServer) async throws -> Result
) async throws -> Result {
    var logger = Logger(label: "server-test")
    logger.logLevel = .error
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = AgentHTTPServer(
        router: router, host: "127.0.0.1", port: 0, limits: limits, logger: logger,
        onListening: { port.yield($0) })
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(services: [server], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { port.finish() }
            try await group.run()
        }
        guard let bound = await ports.first(where: { _ in true }) else {
            try await tasks.waitForAll()
            throw ServerDidNotStart()
        }
        let result = try await body(RunningServer(port: bound, group: group))
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

struct ServerDidNotStart: Error {}

/// A server under test.
struct RunningServer: Sendable {
    let port: Int
    let group: ServiceGroup

    func client(
        from source: String = "127.0.0.1", receiveBuffer: Int32? = nil
    ) async throws -> RawHTTPClient {
        try await RawHTTPClient(port: port, from: source, receiveBuffer: receiveBuffer)
    }
}

/// Limits short enough for a test on real sockets.
func shortLimits() -> HTTPLimits {
    var limits = HTTPLimits()
    limits.headerDeadline = .milliseconds(300)
    limits.bodyDeadline = .milliseconds(300)
    limits.idle = .milliseconds(300)
    limits.yieldAfter = .milliseconds(100)
    limits.stalledWrite = .milliseconds(300)
    limits.abandonedAnswer = .milliseconds(300)
    limits.linger = .milliseconds(300)
    return limits
}

/// Routes that show what reached them.
func serverTestRouter() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/hello") { _, _ in "hello" }
    router.post("/echo") { request, _ in
        do {
            return Response(
                status: .ok,
                body: ResponseBody(byteBuffer: try await request.body.collect(upTo: 1 << 20)))
        } catch is NIOTooManyBytesError {
            return Response(
                status: .contentTooLarge,
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"success":false}"#)))
        }
    }
    router.post("/ignore") { _, _ in "did not look at the body" }
    router.get("/stream") { _, _ in
        Response(
            status: .ok, headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: ": open\n\n"))
                try await Task.sleep(for: .seconds(3600))
                try await writer.finish(nil)
            })
    }
    router.get("/flood") { _, _ in
        Response(
            status: .ok,
            body: ResponseBody { writer in
                let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 * 1024)
                while true { try await writer.write(piece) }
            })
    }
    return router
}
