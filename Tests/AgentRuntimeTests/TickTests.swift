import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// The loop: fixed rate, absolute deadlines, counted overruns.
@Suite struct TickTests {
    @Test func ticksComeAtAFixedRateOnAbsoluteDeadlines() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(60))
            let loop = await site.agent.readiness().loop
            #expect(loop.cycles == 61)
            #expect(loop.overruns == 0)
            #expect(loop.period == .seconds(1))
            #expect(loop.lateness.count == 61)
            #expect(loop.lateness.max == 0)
        }
    }

    @Test func overrunIsCountedAndSkippedAndNeverMadeUpFor() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .milliseconds(10_500))
            let before = await site.agent.readiness().loop
            // Deadlines at 11 to 14 pass in one leap; one cycle runs, late, and three are skipped.
            await site.clock.leap(by: .milliseconds(3_700))
            let late = await site.agent.readiness().loop
            #expect(late.cycles == before.cycles + 1)
            #expect(late.overruns == before.overruns + 3)
            #expect((3_190_000...3_210_000).contains(late.lateness.max))

            // The grid stays where it was: 15, 16, ...
            await site.clock.advance(by: .milliseconds(790))
            #expect(await site.agent.readiness().loop.cycles == late.cycles)
            await site.clock.advance(by: .milliseconds(10))
            #expect(await site.agent.readiness().loop.cycles == late.cycles + 1)
            await site.clock.advance(by: .seconds(5))
            let after = await site.agent.readiness().loop
            #expect(after.cycles == late.cycles + 6)
            #expect(after.overruns == late.overruns)
        }
    }

    @Test func tickThatFindsTheOneBeforeWaitingIsAnOverrun() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .milliseconds(3_500))
            site.store.shut()
            let answer = await site.pushInBackground(.idle)
            await site.clock.advance(by: .seconds(4))
            #expect(await site.agent.readiness().loop.overruns == 3)
            site.store.open()
            await site.clock.advance(by: .seconds(4))
            #expect(await site.agent.readiness().loop.overruns == 3)
            #expect(answer.action != nil)
        }
    }

    @Test func latencyOfAnActionIsMeasuredToItsFirstConfirmedWrite() async throws {
        try await Site.run { site in
            site.bus.answer(after: .milliseconds(20))
            await site.clock.advance(by: .milliseconds(3_700))
            _ = try await site.push(.idle)
            await site.clock.advance(by: .milliseconds(200))
            let latency = await site.agent.readiness().loop.actionLatency
            #expect(latency.count == 1)
            #expect((20_000...20_100).contains(latency.max))
        }
    }

    @Test func controlRunsOnceASecondWhenPollsAreRare() async throws {
        try await Site.run(Site.Plan(poll: .seconds(10))) { site in
            await site.clock.advance(by: .seconds(60))
            #expect(await site.agent.readiness().loop.cycles == 61)
        }
    }

    @Test func stepsOfTheCivilClockChangeNothing() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            let action = try await site.push(.charge)
            let years = Duration.seconds(10 * 365 * 24 * 3600)
            for step in [years, .zero - years - years, years, .seconds(1), .seconds(-1)] {
                site.clock.stepWall(by: step)
                let before = await site.agent.readiness().loop.cycles
                await site.clock.advance(by: .seconds(10))
                #expect(await site.agent.readiness().loop.cycles == before + 10)
                #expect(site.setpoint() == .amperes(16))
            }
            let loop = await site.agent.readiness().loop
            #expect(loop.overruns == 0)
            #expect(loop.actionLatency.count == 1)
            #expect(site.bus.setpointWrites() == [16])
            #expect(try site.charger().lastAction?.id == action.id)
            #expect(try site.charger().lastAction?.state == .completed)
        }
    }
}
