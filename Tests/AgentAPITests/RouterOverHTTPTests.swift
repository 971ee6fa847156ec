import AgentTestSupport
import ChargeControl
import ChargeModel
import Logging
import ServiceLifecycle
import Testing

@testable import AgentAPI

/// The routes behind the real server, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct RouterOverHTTPTests {
    private static let key = "x-api-key: \(Scene.sandboxKey)"

    /// Serves a harness for the time of a test.
    private func withAgent(
        _ harness: APIHarness,
        _ body: @Sendable (Int, ServiceGroup) async throws -> Void
    ) async throws {
        let logger = Logger(label: "router-test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = AgentHTTPServer(
            responder: harness.router, host: "127.0.0.1", port: 0, logger: logger,
            onListening: { port.yield($0) })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let bound = try #require(await ports.first { _ in true })
            try await body(bound, group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func aPushAndAListOverOneConnection() async throws {
        let harness = APIHarness()
        try await withAgent(harness) { port, _ in
            let client = try await RawHTTPClient(port: port)
            let json = "Content-Type: application/json"
            try await client.request(
                "POST", "/ev-charger/device_ev_001", fields: [Self.key, json],
                body: #"{"action":{"command":"idle"}}"#)
            let pushed = try await client.answer()
            #expect(pushed.status == 202)
            #expect(pushed.field("content-type") == "application/json")
            #expect(pushed.field("x-request-id")?.hasPrefix("req_") == true)

            try await client.request("GET", "/ev-charger", fields: [Self.key])
            #expect(try await client.answer().status == 200)
            try await client.request("HEAD", "/ev-charger", fields: [Self.key])
            let head = try await client.head()
            #expect(head.status == 405)
            #expect(head.field("allow") == "GET")
        }
        #expect(harness.service.recorded { $0.pushed.map(\.command) } == [.idle])
    }

    /// As a page does whose name points at the agent, and as a page of another site does.
    @Test func r35_aForeignHostOrOriginIsRefusedOverTheWire() async throws {
        try await withAgent(APIHarness()) { port, _ in
            for (host, more, status) in [
                ("127.0.0.1:\(port)", "", 200), ("localhost:\(port)", "", 200),
                ("evil.example:\(port)", "", 403),
                ("127.0.0.1:\(port)", "Origin: http://evil.example\r\n", 403),
                ("127.0.0.1:\(port)", "Origin: http://127.0.0.1:\(port)\r\n", 200),
            ] {
                let client = try await RawHTTPClient(port: port)
                try await client.send(
                    "GET /ev-charger HTTP/1.1\r\nHost: \(host)\r\n\(Self.key)\r\n\(more)\r\n")
                #expect(try await client.answer().status == status, "\(host) \(more)")
                await client.close()
            }
        }
    }

    @Test func r33_failuresAreCountedByTheAddressOfTheConnection() async throws {
        let harness = APIHarness()
        try await withAgent(harness) { port, _ in
            let flood = try await RawHTTPClient(port: port, from: "127.0.0.2")
            for attempt in 1...12 {
                try await flood.request("GET", "/ev-charger")
                #expect(try await flood.answer().status == (attempt <= 10 ? 401 : 429))
            }
            let other = try await RawHTTPClient(port: port, from: "127.0.0.3")
            try await other.request("GET", "/ev-charger")
            #expect(try await other.answer().status == 401)
            try await flood.request("GET", "/ev-charger", fields: [Self.key])
            #expect(try await flood.answer().status == 200)
        }
        let warnings = harness.log.lines.filter { $0.level == .warning }
        #expect(warnings.count { $0.text.contains("source=127.0.0.2") } == 12)
    }

    @Test func aBodyThatIsTooLargeIsAnsweredInTheEnvelope() async throws {
        try await withAgent(APIHarness()) { port, _ in
            let client = try await RawHTTPClient(port: port)
            try await client.request(
                "POST", "/ev-charger/device_ev_001",
                fields: [Self.key, "Content-Type: application/json", "Content-Length: 70000"])
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.text.contains("PAYLOAD_TOO_LARGE"))
        }
    }

    @Test func eventsReachAClientAsTheyHappenAndEndOnRevocation() async throws {
        let harness = APIHarness { $0.eventKeyCheck = .milliseconds(20) }
        try await withAgent(harness) { port, _ in
            let client = try await RawHTTPClient(port: port)
            try await client.request("GET", "/events", fields: [Self.key])
            let head = try await client.head()
            #expect(head.field("content-type") == "text/event-stream")
            #expect(try await client.chunk().hasPrefix(": events"))
            for sequence in UInt64(1)...3 {
                harness.service.announce(
                    AgentEvent(
                        sequence: sequence, at: Scene.now.wall, charger: Scene.first,
                        payload: .state(Scene.charging)))
                #expect(try await client.chunk().contains("-\(sequence)\nevent: state\ndata: {"))
            }
            harness.keys.replace([])
            #expect(try await client.chunk() == "")
        }
    }

    @Test func anOpenStreamDoesNotHoldUpTheShutdown() async throws {
        try await withAgent(APIHarness()) { port, group in
            let client = try await RawHTTPClient(port: port)
            try await client.request("GET", "/events", fields: [Self.key])
            _ = try await client.head()
            _ = try await client.chunk()
            await group.triggerGracefulShutdown()
            #expect(await client.isClosed(within: .seconds(20)))
        }
    }

    @Test func aStreamWhoseClientHasGoneGivesItsPlaceBack() async throws {
        let harness = APIHarness { limits in
            limits.eventStreams = 1
            limits.requestsOfAKey = .never
        }
        try await withAgent(harness) { port, _ in
            let first = try await RawHTTPClient(port: port)
            try await first.request("GET", "/events", fields: [Self.key])
            _ = try await first.chunkAfterHead()
            await first.close()
            // The place comes back as soon as the server has seen the end of the connection.
            var status = 503
            let deadline = ContinuousClock.now + .seconds(20)
            while status != 200, ContinuousClock.now < deadline {
                let next = try await RawHTTPClient(port: port)
                try await next.request("GET", "/events", fields: [Self.key])
                status = try await next.head().status
                await next.close()
            }
            #expect(status == 200)
        }
    }
}

extension RawHTTPClient {
    fileprivate func chunkAfterHead() throws -> String {
        _ = try head()
        return try chunk()
    }
}
