import AgentTestSupport
import Testing

@testable import AgentAPI

extension ServerOnSockets {
    /// What a well-behaved client gets, on real sockets.
    @Suite struct ServerRequestTests {
        @Test func severalRequestsAreAnsweredOnOneConnection() async throws {
            try await withServer { server in
                let client = try await server.client()
                for _ in 1...3 {
                    try await client.request("GET", "/hello")
                    let answer = try await client.answer()
                    #expect(answer.status == 200)
                    #expect(answer.text == "hello")
                    #expect(answer.field("server") == "evse-agent")
                    #expect(answer.field("date") != nil)
                }
            }
        }

        @Test func aBodyReachesTheRoutesWhole() async throws {
            try await withServer { server in
                let client = try await server.client()
                let body = String(repeating: "0123456789abcdef", count: 4096)
                try await client.request("POST", "/echo", body: body)
                #expect(try await client.answer().text == body)
                try await client.request("POST", "/echo", fields: ["Transfer-Encoding: chunked"])
                for _ in 1...16 {
                    try await client.send("1000\r\n" + body.prefix(4096) + "\r\n")
                }
                try await client.send("0\r\n\r\n")
                #expect(try await client.answer().text == body)
            }
        }

        @Test func aBodyThatNobodyReadsDoesNotDisturbTheNextRequest() async throws {
            try await withServer { server in
                let client = try await server.client()
                try await client.request("POST", "/ignore", body: "GET /hello HTTP/1.1\r\n\r\n")
                #expect(try await client.answer().text == "did not look at the body")
                try await client.request("GET", "/hello")
                #expect(try await client.answer().text == "hello")
            }
        }

        @Test func theRoutesSeeWhereARequestComesFrom() async throws {
            try await withServer { server in
                for source in ["127.0.0.1", "127.0.0.77"] {
                    let client = try await server.client(from: source)
                    try await client.request("GET", "/source")
                    #expect(try await client.answer().text == source)
                }
            }
        }

        @Test func aStreamOutlivesTheDeadlinesOfRequests() async throws {
            let limits = limits {
                $0.bodyDeadline = .milliseconds(200)
                $0.idle = .milliseconds(200)
            }
            try await withServer(limits: limits) { server in
                let client = try await server.client()
                try await client.request("GET", "/ticks")
                #expect(try await client.head().status == 200)
                for _ in 1...12 { #expect(try await client.chunk() == ": tick\n\n") }
            }
        }

        @Test func aClientThatClosesItsHalfStillGetsItsAnswer() async throws {
            try await withServer { server in
                let client = try await server.client()
                try await client.request("GET", "/hello")
                await client.closeSending()
                #expect(try await client.answer().text == "hello")
                #expect(await client.isClosed())
            }
        }

        @Test func aLargeAnswerArrivesWholeThoughItIsTheLast() async throws {
            try await withServer(limits: limits { $0.linger = .milliseconds(1) }) { server in
                let client = try await server.client(receiveBuffer: 4096)
                try await client.request("GET", "/large", fields: ["Connection: close"])
                let answer = try await client.answer(within: .seconds(20))
                #expect(answer.body.count == 2_000_000)
                #expect(await client.isClosed())
            }
        }
    }
}
