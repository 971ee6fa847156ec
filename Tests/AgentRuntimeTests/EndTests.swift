import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Modbus
import Testing
import WallboxModel

/// What holds when control is lost, and what is left behind at the end.
@Suite struct EndTests {
    @Test func r04_limitIsALeaseThatEndsInTheSafeCurrentWhenTheDeskHangs() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .milliseconds(20_500))
            #expect(site.setpoint() == .amperes(16))

            site.store.shut()
            let stuck = await site.pushInBackground(.idle)
            await site.clock.advance(by: .milliseconds(9_400))
            #expect(site.setpoint() == .amperes(16), "the lease still runs")
            await site.clock.advance(by: .milliseconds(600))
            #expect(site.setpoint() == .amperes(6))
            #expect(site.bus.setpointWrites() == [16, 6])

            site.store.open()
            await site.clock.settle()
            #expect(stuck.action != nil)
            #expect(site.setpoint() == .zero)
        }
    }

    @Test func r04_leaseThatIsRenewedAfterItsEndIsInForceAgain() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .milliseconds(20_500))
            site.store.shut()
            let refused = Locked(false)
            let task = Task(executorPreference: site.clock.executor) {
                let change = SettingsRequest(charger: Site.first, maxChargeRate: Watts(22_000))
                do {
                    try await site.agent.change(change)
                } catch {
                    refused.withLock { $0 = true }
                }
            }
            await site.clock.advance(by: .seconds(15))
            #expect(site.setpoint() == .amperes(6))
            site.store.open()
            await task.value
            #expect(!refused.withLock { $0 })
            await site.clock.settle()
            #expect(site.setpoint() == .amperes(16), "the same revision, with a new lease")
        }
    }

    @Test func r04_wallboxIsHandedBackAtTheSafeCurrentAtOnce() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .seconds(10))
            await site.shutDown()
            #expect(site.setpoint() == .amperes(6))
            #expect(site.bus.setpointWrites() == [16, 6])
        }
    }

    @Test func r04_everyWallboxOfALineIsHandedBack() async throws {
        try await Site.run(Site.Plan(buses: [3, 1])) { site in
            for number in 0..<4 { _ = try await site.push(.charge, to: Site.id(number)) }
            site.buses[0].answer(after: .milliseconds(50))
            await site.clock.advance(by: .seconds(20))
            await site.shutDown()
            await site.clock.advance(by: .milliseconds(800))
            for unit in 0..<3 { #expect(site.setpoint(unit) == .amperes(6)) }
            #expect(site.setpoint(0, on: 1) == .amperes(6))
        }
    }

    @Test func r04_handBackKeepsTheGapBetweenRequests() async throws {
        var plan = Site.Plan(profile: "reference-22kw", installation: .amperes(32))
        plan.found = .amperes(10)
        try await Site.run(plan) { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .seconds(10))
            #expect(site.setpoint() == .amperes(32))
            // In the middle of a gap: nothing may be asked for 5 ms.
            site.bus.answer(after: .milliseconds(1))
            await site.clock.advance(by: .milliseconds(1_001))
            await site.shutDown()
            await site.clock.advance(by: .milliseconds(100))
            #expect(site.setpoint() == .amperes(6))
        }
    }

    @Test func r04_handBackNeverRaisesAndWritesNothingForAPausedWallbox() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.idle)
            await site.clock.advance(by: .seconds(10))
            let before = site.bus.accesses.count
            await site.shutDown()
            #expect(site.bus.setpointWrites() == [0])
            #expect(site.bus.accesses.count == before, "it stands there verifiably")
        }
    }

    @Test func nothingIsAcceptedOnceTheEndHasBegun() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.shut()
            let taken = await site.pushInBackground(.idle)
            let waiting = await site.pushInBackground(.idle)
            await site.shutDown()
            #expect(waiting.refusal == .busy(retryAfter: .seconds(5)))
            #expect(await site.pushInBackground(.idle).refusal == .busy(retryAfter: .seconds(5)))
            site.store.open()
            await site.clock.settle()
            #expect(taken.action != nil, "what was taken is durable, and says so")
        }
    }

    @Test(arguments: [SimulatedBus.Behaviour.silent, .hanging])
    func endIsBoundedWhenTheWallboxHangs(behaviour: SimulatedBus.Behaviour) async throws {
        let clock = ManualClock()
        let ended = Locked<MonotonicInstant?>(nil)
        try await clock.run {
            let site = try await Site(Site.Plan(), clock: clock)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    try await site.run()
                    ended.withLock { $0 = clock.now().monotonic }
                }
                await clock.advance(by: .seconds(3))
                _ = try await site.push(.charge)
                await clock.advance(by: .milliseconds(10_500))
                site.bus.behave(behaviour)
                // A poll is under way and is not answered.
                await clock.advance(by: .milliseconds(550))
                #expect(site.bus.pending == 1)
                let asked = clock.now().monotonic
                await site.shutDown()
                await clock.advance(by: .milliseconds(900))
                let end = ended.withLock { $0 }
                #expect(end.map { asked.duration(to: $0) <= .milliseconds(800) } == true)
                // Nothing, when all is well.
                await site.bus.shutDown()
                await clock.advance(by: .seconds(2))
                try await tasks.waitForAll()
            }
        }
    }

    @Test func cancelledAgentHandsBackToo() async throws {
        let plan = Site.Plan(profile: "reference-22kw", installation: .amperes(32))
        let clock = ManualClock()
        try await clock.run {
            let site = try await Site(plan, clock: clock)
            let hasEnded = Locked(false)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    await site.runAgent()
                    hasEnded.withLock { $0 = true }
                }
                await clock.advance(by: .seconds(3))
                _ = try await site.push(.charge)
                await clock.advance(by: .seconds(10))
                #expect(site.setpoint() == .amperes(32))
                tasks.cancelAll()
                // The hand-back has a task of its own then, which the clock does not see: time
                // passes only while it sleeps.
                let isOver = try await eventually(within: .seconds(60)) {
                    if !clock.deadlines.isEmpty { await clock.advance(by: .milliseconds(1)) }
                    return hasEnded.withLock { $0 }
                }
                #expect(isOver)
            }
            #expect(site.setpoint() == .amperes(6))
        }
    }
}
