import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@testable import AgentRuntime

@Suite struct ControlDeskTests {
    @Test func requestsGoFirstButATickThatIsOverdueBeforeThem() async throws {
        let desk = Locked(ControlDesk())
        let taken = await taking(from: desk) { desk in
            _ = desk.addTick()
            desk.add(ChargerSnapshot(phases: 1))
        }
        #expect(taken == ["request", "snapshot", "tick"])

        let overdue = await taking(from: desk) { desk in
            _ = desk.addTick()
            desk.add(ChargerSnapshot(phases: 1))
            let isOnTime = desk.addTick()
            #expect(!isOnTime)
        }
        #expect(overdue == ["snapshot", "tick", "request"])
    }

    /// A client that pushes for ever must not take the lease from a target.
    @Test func floodOfPushesDoesNotLetTheLeaseRunOut() async throws {
        try await Site.run(Site.Plan(buses: [2])) { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .seconds(20))
            for _ in 0..<60 {
                for _ in 0..<40 {
                    // Refused at once: a second charge does not take the place of the first...
                    _ = await site.pushInBackground(.charge, to: Site.second)
                }
                await site.clock.advance(by: .seconds(1))
            }
            #expect(site.setpoint(0) == .amperes(16))
            #expect(site.bus.setpointWrites(unit: 1) == [16])
        }
    }

    /// Adds a request besides what `fill` adds, and takes everything out.
    private func taking(
        from desk: Locked<ControlDesk>, fill: @Sendable (inout ControlDesk) -> Void
    ) async -> [String] {
        let names = Locked<[String]>([])
        _ = await withCheckedContinuation { answer in
            desk.withLock { desk in
                fill(&desk)
                _ = desk.add(
                    ControlDesk.Request(
                        id: RequestID(rawValue: 1),
                        order: .push(ActionRequest(charger: Site.first, command: .idle)),
                        receivedAt: ManualClock().now(), answer: answer))
                while let input = desk.next() {
                    let name =
                        switch input {
                        case .request: "request"
                        case .snapshot: "snapshot"
                        case .tick: "tick"
                        }
                    names.withLock { $0.append(name) }
                    if case .request(let request) = input { request.refuse(.unknownCharger) }
                }
            }
        }
        return names.withLock { $0 }
    }
}
