import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing
import WallboxModel

/// What a second agent makes of what the first one left.
@Suite struct RestartTests {
    @Test func r19_actionThatTheEndInterruptedIsTakenUp() async throws {
        let clock = ManualClock()
        let store = GatedStore()
        let buses = Locked<[SimulatedBus]>([])
        let pushed = Locked<Action?>(nil)
        try await Site.run(clock: clock, store: store) { site in
            await clock.advance(by: .seconds(3))
            site.bus.behave(.silent)
            let action = try await site.push(.idle)
            pushed.withLock { $0 = action }
            buses.withLock { $0 = site.buses }
        }
        let bus = try #require(buses.withLock { $0.first })
        let action = try #require(pushed.withLock { $0 })
        #expect(bus.setpointWrites() == [])
        let second = bus.revived()
        try await Site.run(clock: clock, store: store, buses: [second]) { site in
            await clock.advance(by: .seconds(5))
            #expect(second.setpointWrites() == [0])
            let last = try site.charger().lastAction
            #expect(last?.id == action.id)
            #expect(last?.state == .completed)
        }
    }

    @Test func r19_intentHoldsAgainWithinOneCycleOfTheStart() async throws {
        let clock = ManualClock()
        let store = GatedStore()
        let buses = Locked<[SimulatedBus]>([])
        try await Site.run(clock: clock, store: store) { site in
            await clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await clock.advance(by: .seconds(10))
            buses.withLock { $0 = site.buses }
        }
        let bus = try #require(buses.withLock { $0.first })
        #expect(bus.truth().setpoint == .amperes(6), "handed back")
        let second = bus.revived()
        try await Site.run(clock: clock, store: store, buses: [second]) { site in
            await clock.advance(by: .seconds(1))
            #expect(second.truth().setpoint == .amperes(16))
            let last = try site.charger().lastAction
            #expect(last?.state == .completed)
        }
    }

    @Test func r12_nothingIsRaisedForWhatIsMerelyFound() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(30))
            #expect(site.bus.setpointWrites() == [])
            #expect(site.setpoint() == .amperes(10))
        }
    }

    @Test func r12_whatIsFoundAboveTheInstallationIsReducedAtOnce() async throws {
        var plan = Site.Plan()
        plan.found = .amperes(32)
        try await Site.run(plan) { site in
            await site.clock.advance(by: .seconds(1))
            #expect(site.setpoint() == .amperes(16))
        }
    }
}
