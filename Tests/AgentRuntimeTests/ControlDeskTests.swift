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

    /// A stop of one charger must not wait for all that a client asks of another on the same bus.
    @Test func busyChargerDoesNotKeepItsNeighbourWaiting() async throws {
        try await Site.run(Site.Plan(buses: [2])) { site in
            await site.clock.advance(by: .seconds(3))
            site.store.shut()
            await withTaskGroup(of: Void.self) { group in
                for kilowatts in 10..<20 {
                    group.addTask {
                        let change = SettingsRequest(
                            charger: Site.first, maxChargeRate: Watts(kilowatts * 1_000))
                        do {
                            try await site.agent.change(change)
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
                await site.clock.settle()
                let stop = await site.pushInBackground(.idle, to: Site.second)
                for _ in 0..<2 {
                    site.store.letOneThrough()
                    await site.clock.settle()
                }
                #expect(stop.action != nil)
                site.store.open()
            }
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
