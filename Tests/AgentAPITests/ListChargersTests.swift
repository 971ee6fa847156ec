import Testing

@testable import AgentAPI

@Test func theListIsTheGoldenListKeyForKeyAndValueForValue() async throws {
    let harness = APIHarness(step: .milliseconds(12))
    let answer = try await harness.get("/ev-charger")
    #expect(answer.status == 200)
    #expect(answer.header("content-type") == "application/json")
    try Golden("list-ev-charger").expect(answer)
}
