import AgentTestSupport
import Testing

@testable import AgentAPI

/// What a well-behaved client gets.
@Suite struct ServerRequestTests {
    @Test func answersSeveralRequestsOnOneConnection() async throws {
        try await withServer { server in
            let client = try await server.client()
            for _ in 1...3 {
                try await client.request("GET", "/hello")
                let answer = try await client.answer()
                #expect(answer.status == 200)
                #expect(answer.text == "hello")
                #expect(answer.field("server") == "evse-agent")
            }
        }
    }
}
