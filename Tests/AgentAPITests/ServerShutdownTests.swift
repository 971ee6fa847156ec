import AgentTestSupport
import Hummingbird
import Logging
import ServiceLifecycle
import Testing

@testable import AgentAPI

extension ServerOnSockets {
    /// The end of a server, and a beginning that fails.
    @Suite struct ServerShutdownTests {
        @Test func itEndsInUnderTwoSecondsWithOpenStreamsAndHalfSentBodies() async throws {
            // The default leaves one second to the requests under way and one to the computer; here the
            // computer runs many tests at once, so it gets more of the two.
            #expect(HTTPLimits().drain == .seconds(1))
            let clock = ContinuousClock()
            let limits = limits { $0.drain = .milliseconds(100) }
            let (clients, start) = try await withServer(limits: limits) { server in
                var clients: [RawHTTPClient] = []
                for number in 0..<20 {
                    let client = try await server.client(from: "127.0.0.\(2 + number % 4)")
                    switch number % 5 {
                    case 0:
                        try await client.request("GET", "/stream")
                        #expect(try await client.head().status == 200)
                    case 1:
                        try await client.request("POST", "/echo", fields: ["Content-Length: 10"])
                        try await client.send("half")
                    case 2: try await client.send("GET /hel")
                    case 3: try await client.request("GET", "/flood")
                    default:
                        try await client.request("GET", "/stubborn")
                        #expect(try await client.head().status == 200)
                    }
                    clients.append(client)
                }
                return (clients, clock.now)
            }
            let duration = clock.now - start
            print("shutdown took \(duration)")
            #expect(duration < .seconds(2))
            for client in clients { #expect(await client.isClosed()) }
        }

        @Test func itEndsAtOnceWhenAllIsIdle() async throws {
            let clock = ContinuousClock()
            let (client, start) = try await withServer(limits: limits { $0.drain = .seconds(60) }) {
                server in
                let client = try await server.client()
                try await client.request("GET", "/hello")
                #expect(try await client.answer().status == 200)
                return (client, clock.now)
            }
            #expect(clock.now - start < .seconds(30))
            #expect(await client.isClosed())
        }

        @Test func aRequestUnderWayIsAnsweredWithinTheDrainTime() async throws {
            let client = try await withServer(limits: limits { $0.drain = .seconds(60) }) {
                server in
                let client = try await server.client()
                try await client.request("GET", "/soon")
                #expect(try await client.head().status == 200)
                return client
            }
            #expect(try await client.chunk() == "begun")
            #expect(try await client.chunk() == "done")
            #expect(try await client.chunk() == "")
        }

        @Test func aPortInUseIsSaidInWords() async throws {
            try await withServer { server in
                let second = AgentHTTPServer(
                    router: serverTestRouter(), host: "127.0.0.1", port: server.port,
                    logger: quietLogger())
                let error = await #expect(throws: HTTPServerError.self) { try await second.run() }
                let text = "cannot listen on 127.0.0.1:\(server.port): address already in use"
                #expect(error?.description.hasPrefix(text) == true)
            }
        }

        @Test func anAddressOfAnotherComputerIsSaidInWords() async throws {
            let server = AgentHTTPServer(
                router: serverTestRouter(), host: "192.0.2.1", port: 0, logger: quietLogger())
            let error = await #expect(throws: HTTPServerError.self) { try await server.run() }
            #expect(
                error?.description.hasPrefix("cannot listen on 192.0.2.1:0: this computer") == true)
        }

        @Test func cancellationEndsItToo() async throws {
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let server = AgentHTTPServer(
                router: serverTestRouter(), host: "127.0.0.1", port: 0, logger: quietLogger(),
                onListening: { port.yield($0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                let bound = try #require(await ports.first { _ in true })
                let client = try await RawHTTPClient(port: bound)
                try await client.request("GET", "/stream")
                #expect(try await client.head().status == 200)
                group.cancelAll()
                while await group.nextResult() != nil {}
                #expect(await client.isClosed())
            }
        }

        @Test func aRequestIsCancelledWhenItsClientHasGone() async throws {
            try await withServer(limits: limits { $0.abandonedAnswer = .milliseconds(200) }) {
                server in
                let client = try await server.client()
                try await client.request("GET", "/stream")
                #expect(try await client.head().status == 200)
                #expect(server.connections == 1)
                await client.close()
                try await untilItIsSo { await server.ended.count == 1 }
            }
        }
    }
}
