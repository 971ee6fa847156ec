import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// Many threads at once, on the real clock: for ThreadSanitizer, and for what virtual time puts in
/// an order.
@Suite struct ConcurrencyTests {
    @Test func r23_eightWallboxesUnderSixtyFourClients() async throws {
        let site = try await Site(
            Site.Plan(buses: [1, 1, 1, 1, 2, 2], poll: .milliseconds(100)), clock: ManualClock(),
            agentClock: SystemClock(trust: .trusted))
        let accepted = Locked(0)
        await withTaskGroup(of: Void.self) { agent in
            agent.addTask { await site.runAgent() }
            await withTaskGroup(of: Void.self) { clients in
                for client in 0..<64 {
                    clients.addTask {
                        for turn in 0..<20 {
                            let charger = Site.id((client + turn) % 8)
                            if await use(site.agent, charger, turn: turn) {
                                accepted.withLock { $0 += 1 }
                            }
                        }
                    }
                }
            }
            agent.cancelAll()
        }
        let total = try await site.store.actions(
            ActionQuery(chargers: (0..<8).map(Site.id), limit: 1)
        ).total
        #expect(total == accepted.withLock { $0 }, "what is answered is stored, and nothing else")
        #expect(total > 0)
        for bus in site.buses { #expect(bus.pending == 0) }
    }

    /// - Returns: Whether an action was accepted.
    private func use(_ agent: Agent, _ charger: ChargerID, turn: Int) async -> Bool {
        switch turn % 5 {
        case 0:
            await agent.refresh(charger, within: .milliseconds(20))
        case 1:
            for await event in agent.events(after: 0) where event.sequence > 0 { break }
        case 2:
            #expect(await agent.readiness().loop.period == .milliseconds(100))
        default:
            do throws(RequestRefusal) {
                let action = try await agent.push(
                    ActionRequest(charger: charger, command: turn % 2 == 0 ? .charge : .idle))
                return agent.view[action.charger] != nil
            } catch {
                switch error {
                case .busy, .conflict, .tooManyStarts: return false
                default: Issue.record("\(error)")
                }
            }
        }
        return false
    }
}
