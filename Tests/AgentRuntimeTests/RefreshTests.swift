import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// `expedite=true`: polls now, and waits no longer than it may.
@Suite struct RefreshTests {
    /// Refreshes in the background.
    private func refresh(
        _ site: Site, within bound: Duration = .seconds(1)
    ) async -> Locked<MonotonicInstant?> {
        let ended = Locked<MonotonicInstant?>(nil)
        Task(executorPreference: site.clock.executor) {
            await site.agent.refresh(Site.first, within: bound)
            ended.withLock { $0 = site.agent.now().monotonic }
        }
        await site.clock.settle()
        return ended
    }

    @Test func refreshEndsWithThePollAndItsReadingsAreInTheView() async throws {
        try await Site.run(Site.Plan(poll: .seconds(60))) { site in
            await site.clock.advance(by: .seconds(30))
            site.bus.answer(after: .milliseconds(40))
            let asked = site.agent.now()
            let ended = await refresh(site)
            #expect(ended.withLock { $0 } == nil)
            await site.clock.advance(by: .milliseconds(200))
            let end = try #require(ended.withLock { $0 })
            let poll = try #require(try site.charger().snapshot.lastPoll)
            #expect(poll.monotonic == end)
            #expect(asked.monotonic.duration(to: end) <= .milliseconds(120))
        }
    }

    @Test func refreshEndsAtItsBoundWhenTheWallboxIsSilent() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .milliseconds(3_500))
            site.bus.behave(.hanging)
            // With a real clock no two readings are alike; a bound must not depend on it.
            site.clock.drift(by: .microseconds(1))
            let ended = await refresh(site, within: .milliseconds(700))
            await site.clock.advance(by: .milliseconds(690))
            #expect(ended.withLock { $0 } == nil)
            await site.clock.advance(by: .milliseconds(20))
            #expect(ended.withLock { $0 } != nil)
            site.clock.drift(by: .zero)
            await site.bus.shutDown()
        }
    }

    @Test func refreshesEndWhenTheAgentEnds() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .milliseconds(3_500))
            site.bus.behave(.silent)
            let ended = await refresh(site, within: .seconds(100))
            await site.shutDown()
            #expect(ended.withLock { $0 } != nil)
            #expect(await refresh(site, within: .seconds(100)).withLock { $0 } != nil)
        }
    }

    @Test func manyRefreshesAtOnceCostOnePoll() async throws {
        try await Site.run(Site.Plan(poll: .seconds(60))) { site in
            await site.clock.advance(by: .seconds(30))
            site.bus.answer(after: .milliseconds(40))
            let before = site.bus.accesses.count
            var all: [Locked<MonotonicInstant?>] = []
            for _ in 0..<20 { all.append(await refresh(site)) }
            await site.clock.advance(by: .milliseconds(100))
            #expect(all.allSatisfy { $0.withLock { $0 } != nil })
            #expect(site.bus.accesses.count <= before + 2)
        }
    }
}
