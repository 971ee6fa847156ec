import AgentTestSupport
import Testing

@testable import AgentAPI

extension ServerOnSockets {
    /// R34 on real sockets: clients that mean harm, and clients beside them that do not.
    @Suite struct ServerAttackTests {
        @Test func r34_aSourceOverItsLimitIsAnsweredAndClosedAtOnceOthersAreServed() async throws {
            var limits = HTTPLimits()
            limits.headerDeadline = .seconds(30)
            limits.yieldAfter = .seconds(30)
            try await withServer(limits: limits) { server in
                var slow: [RawHTTPClient] = []
                for _ in 1...16 {
                    let client = try await server.client(from: "127.0.0.2")
                    try await client.send("GET /hello HTTP/1.1\r\n")
                    slow.append(client)
                }
                try await untilItIsSo { server.connections == 16 }
                let surplus = try await server.client(from: "127.0.0.2")
                #expect(try await surplus.answer().status == 503)
                #expect(await surplus.isClosed())
                let other = try await server.client(from: "127.0.0.3")
                try await other.request("GET", "/hello")
                #expect(try await other.answer().text == "hello")
                // A place that becomes free is given to the next.
                await slow[0].close()
                try await untilItIsSo {
                    let next = try await server.client(from: "127.0.0.2")
                    try await next.request("GET", "/hello")
                    return try await next.answer().status == 200
                }
            }
        }

        @Test func r34_beyondAllPlacesTheServerStillAcceptsAndCloses() async throws {
            var limits = HTTPLimits()
            limits.headerDeadline = .seconds(30)
            limits.yieldAfter = .seconds(30)
            try await withServer(limits: limits) { server in
                var slow: [RawHTTPClient] = []
                for number in 0..<64 {
                    let client = try await server.client(from: "127.0.0.\(2 + number)")
                    try await client.send("GET /hello HTTP/1.1\r\n")
                    slow.append(client)
                }
                try await untilItIsSo { server.connections == 64 }
                for _ in 1...6 {
                    let surplus = try await server.client(from: "127.0.0.99")
                    #expect(try await surplus.answer().status == 503)
                    #expect(await surplus.isClosed())
                }
            }
        }

        @Test func r34_whoMakesTheServerWaitGivesWayToNewClients() async throws {
            var limits = HTTPLimits()
            limits.headerDeadline = .seconds(30)
            limits.yieldAfter = .milliseconds(50)
            try await withServer(limits: limits) { server in
                let stream = try await server.client()
                try await stream.request("GET", "/stream")
                #expect(try await stream.head().status == 200)
                var slow: [RawHTTPClient] = []
                for _ in 1...15 {
                    let client = try await server.client()
                    try await client.send("GET /hello HTTP/1.1\r\n")
                    slow.append(client)
                }
                try await untilItIsSo { server.connections == 16 }
                // From the very address that is full.
                try await untilItIsSo {
                    let client = try await server.client()
                    try await client.request("GET", "/hello")
                    return try await client.answer().status == 200
                }
                var closed = 0
                for client in slow where await client.isClosed(within: .milliseconds(50)) {
                    closed += 1
                }
                #expect(closed >= 1)
                // The one that was being served has not been closed.
                #expect(await !stream.isClosed(within: .milliseconds(50)))
            }
        }

        @Test func r34_slowlorisIsAnswered408AndValidClientsAreServedMeanwhile() async throws {
            var limits = HTTPLimits()
            limits.headerDeadline = .seconds(2)
            limits.yieldAfter = .seconds(30)
            limits.linger = .seconds(30)
            try await withServer(limits: limits) { server in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            try await Self.dripHead(
                                try await server.client(from: "127.0.0.\(10 + number / 10)"))
                        }
                    }
                    for _ in 1...14 {
                        let client = try await server.client(from: "127.0.0.3")
                        try await client.request("GET", "/hello")
                        #expect(try await client.answer().status == 200)
                        await client.close()
                    }
                    for try await status in group { #expect(status == 408) }
                }
            }
        }

        /// Sends a head that never ends, byte after byte, until the server has had enough.
        private static func dripHead(_ client: RawHTTPClient) async throws -> Int {
            let head = "GET /hello HTTP/1.1\r\nHost: a\r\nx: " + String(repeating: "y", count: 500)
            for byte in head.utf8 {
                if await client.isClosed(within: .milliseconds(10)) { break }
                do {
                    try await client.send([byte])
                } catch {
                    break
                }
            }
            return try await client.answer().status
        }

        @Test func r34_longHeadsAreRefusedWhateverTheirKind() async throws {
            try await withServer { server in
                let start = "GET /hello HTTP/1.1\r\nHost: a\r\n"
                let one = start + "x: " + String(repeating: "y", count: 100 * 1024) + "\r\n\r\n"
                let many = start + String(repeating: "x: y\r\n", count: 100_000) + "\r\n"
                let target = "GET /" + String(repeating: "u", count: 3000) + " HTTP/1.1\r\n\r\n"
                for (head, status) in [(one, 431), (many, 431), (target, 414)] {
                    let client = try await server.client()
                    do {
                        try await client.send(head)
                    } catch {
                        // The server may have closed before everything was sent.
                    }
                    #expect(try await client.answer().status == status)
                    #expect(await client.isClosed())
                }
            }
        }

        @Test func r34_aBodyOverTheLimitIsAnsweredByTheRoutesEvenWhileItIsBeingSent() async throws {
            try await withServer { server in
                let body = String(repeating: "b", count: 300_000)
                let announced = try await server.client()
                try await announced.request("POST", "/echo", body: body)
                let answer = try await announced.answer()
                #expect(answer.status == 413)
                #expect(answer.text == #"{"success":false}"#)
                #expect(answer.field("connection") == "close")
                #expect(await announced.isClosed())

                let chunked = try await server.client()
                try await chunked.request("POST", "/echo", fields: ["Transfer-Encoding: chunked"])
                try await chunked.send("493e0\r\n" + body + "\r\n0\r\n\r\n")
                #expect(try await chunked.answer().status == 413)
                #expect(await chunked.isClosed())
            }
        }

        @Test func r34_chunkBombsAreBounded() async throws {
            try await withServer { server in
                let tiny = try await server.client()
                try await tiny.request("POST", "/echo", fields: ["Transfer-Encoding: chunked"])
                do {
                    for _ in 1...200 {
                        try await tiny.send(String(repeating: "1\r\nx\r\n", count: 1000))
                    }
                } catch {
                    // Refused before it was all sent, as it should be.
                }
                #expect(try await tiny.answer().status == 400)
                #expect(await tiny.isClosed())

                let huge = try await server.client()
                try await huge.request("POST", "/echo", fields: ["Transfer-Encoding: chunked"])
                try await huge.send("ffffffffffffffffffff\r\n")
                #expect(try await huge.answer().status == 400)
            }
        }

        @Test func r34_aHalfSentBodyIsAnswered408() async throws {
            try await withServer(limits: limits { $0.bodyDeadline = .milliseconds(200) }) {
                server in
                let client = try await server.client()
                try await client.request("POST", "/echo", fields: ["Content-Length: 10"])
                try await client.send("half")
                #expect(try await client.answer().status == 408)
                #expect(await client.isClosed())
            }
        }

        @Test func r34_silentConnectionsAreClosed() async throws {
            try await withServer(limits: limits { $0.headerDeadline = .milliseconds(200) }) {
                server in
                let client = try await server.client()
                #expect(try await client.readToEnd() == "")
            }
        }

        @Test func r34_idleConnectionsAreClosed() async throws {
            try await withServer(limits: limits { $0.idle = .milliseconds(200) }) { server in
                let client = try await server.client()
                try await client.request("GET", "/hello")
                #expect(try await client.answer().status == 200)
                #expect(try await client.readToEnd() == "")
            }
        }

        @Test func aClientThatDoesNotReadIsClosed() async throws {
            try await withServer(limits: limits { $0.stalledWrite = .milliseconds(200) }) {
                server in
                let client = try await server.client(receiveBuffer: 4096)
                try await client.request("GET", "/flood")
                #expect(try await client.head().status == 200)
                // Only what the kernels hold arrives; the flood itself would never end.
                try await untilItIsSo { server.connections == 0 }
            }
        }
    }
}
