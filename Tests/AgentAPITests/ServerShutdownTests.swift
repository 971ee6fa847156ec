import AgentTestSupport
import Hummingbird
import Logging
import NIOCore
import NIOPosix
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

        /// What a server drops that is being shut down: accepted, set up, and served by nobody.
        @Test func aConnectionThatNobodyServesIsClosedToo() async throws {
            let limits = limits { $0.headerDeadline = .milliseconds(100) }
            let channel = GuardedHTTPChannel(
                limits: limits, registry: ConnectionRegistry(limits: limits),
                responder: { _, _, _ in })
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { accepted in
                    channel.setup(channel: accepted, logger: quietLogger()).map { _ in }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(server.localAddress?.port)
            let client = try await RawHTTPClient(port: port)
            #expect(await client.isClosed())
            try await server.close()
        }

        /// Connections that are being accepted while the server goes must neither bring it down nor
        /// stay open without anybody to serve them.
        @Test func connectionsThatComeDuringShutdownAreClosed() async throws {
            let limits = limits {
                $0.drain = .milliseconds(20)
                $0.connections = 10_000
                $0.connectionsPerSource = 10_000
                $0.headerDeadline = .seconds(3600)
            }
            for _ in 1...3 {
                let (ports, port) = AsyncStream.makeStream(of: Int.self)
                async let isServed: Void = withServer(limits: limits) { server in
                    port.yield(server.port)
                    try await untilItIsSo { server.connections > 20 }
                }
                let bound = try #require(await ports.first { _ in true })
                let clients = await Self.connectUntilRefused(port: bound)
                try await isServed
                for client in clients { #expect(await Self.isClosed(client)) }
            }
        }

        /// Whether the other side has gone. A connection that never got out of a full backlog learns
        /// so only when it sends something.
        private static func isClosed(_ client: RawHTTPClient) async -> Bool {
            do {
                try await client.send("G")
            } catch {
                return true
            }
            return await client.isClosed()
        }

        /// Opens connections as fast as it goes, until nobody listens any more.
        private static func connectUntilRefused(port: Int) async -> [RawHTTPClient] {
            await withTaskGroup(of: [RawHTTPClient].self) { group in
                for _ in 1...4 {
                    group.addTask {
                        var clients: [RawHTTPClient] = []
                        do {
                            while clients.count < 1000 {
                                clients.append(try await RawHTTPClient(port: port))
                            }
                        } catch {
                            // Refused: the server has gone.
                        }
                        return clients
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
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
