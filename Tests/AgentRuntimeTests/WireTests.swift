import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Modbus
import Testing
import WallboxModel

/// When things reach the wire.
@Suite struct WireTests {
    @Test func pushWakesTheWireWithoutWaitingForATick() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .milliseconds(3_500))
            let now = site.agent.now().monotonic
            _ = try await site.push(.idle)
            await site.clock.settle()
            #expect(site.bus.setpointWrites() == [0])
            #expect(site.bus.lastSetpointWrite() == now)
            #expect(site.bus.truth().limit == .zero)
        }
    }

    @Test func r09_stopGoesOutBetweenTwoReadsOfAPollThatIsUnderWay() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .milliseconds(3_500))
            site.bus.answer(after: .milliseconds(50))
            // Every tenth poll reads more than one block; whichever it is, it is being read now.
            await site.clock.advance(by: .milliseconds(510))
            #expect(site.bus.pending == 1)
            let pushed = site.agent.now().monotonic
            _ = try await site.push(.idle)
            await site.clock.advance(by: .milliseconds(90))
            #expect(site.bus.setpointWrites() == [0])
            let written = try #require(site.bus.lastSetpointWrite())
            #expect(pushed.duration(to: written) <= .milliseconds(90))
        }
    }

    @Test func r09_increasesStayFiveSecondsApartAndAStopDoesNotWait() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .seconds(2))
            _ = try await site.push(.idle)
            await site.clock.settle()
            #expect(site.bus.setpointWrites() == [16, 0])
            await site.clock.advance(by: .seconds(2))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .milliseconds(900))
            #expect(site.bus.setpointWrites() == [16, 0])
            await site.clock.advance(by: .seconds(1))
            #expect(site.bus.setpointWrites() == [16, 0, 16])
        }
    }

    @Test func r23_twoWallboxesOnOneBusTakeTurnsAndKeepApart() async throws {
        try await Site.run(Site.Plan(buses: [2])) { site in
            site.bus.answer(after: .milliseconds(20))
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.idle, to: Site.second)
            _ = try await site.push(.charge, to: Site.first)
            await site.clock.advance(by: .seconds(3))
            #expect(site.bus.setpointWrites(unit: 1) == [16])
            #expect(site.bus.setpointWrites(unit: 2) == [0])
            #expect(try site.charger(Site.first).lastAction?.state == .completed)
            #expect(try site.charger(Site.second).lastAction?.state == .completed)
            let reads = site.bus.accesses.filter { !$0.isWrite }.map(\.request.unit)
            let counts = (1...2).map { unit in reads.count(where: { $0 == unit }) }
            #expect(abs(counts[0] - counts[1]) <= 2, "\(counts)")
        }
    }

    @Test(arguments: [SimulatedBus.Behaviour.silent, .hanging])
    func r24_wallboxThatHangsDelaysNoOther(behaviour: SimulatedBus.Behaviour) async throws {
        try await Site.run(Site.Plan(buses: [1, 1])) { site in
            await site.clock.advance(by: .seconds(3))
            site.buses[0].behave(behaviour)
            let before = site.buses[1].accesses.count
            let answer = await site.pushInBackground(.idle, to: Site.first)
            for _ in 0..<40 {
                await site.clock.advance(by: .seconds(1))
                let freshness = try site.charger(Site.second)
                    .freshness(at: site.agent.now().monotonic)
                #expect(freshness == .live)
            }
            #expect(answer.action != nil, "durable, whatever the wallbox does")
            #expect(site.buses[1].accesses.count - before >= 40)
            let now = site.agent.now().monotonic
            _ = try await site.push(.idle, to: Site.second)
            await site.clock.settle()
            #expect(site.buses[1].lastSetpointWrite() == now)
            if behaviour == .hanging { await site.buses[0].shutDown() }
        }
    }

    @Test func r26_silentWallboxIsShownAsUnavailableWithinASecondOfBeingStale() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            var events = site.agent.events(after: nil).makeAsyncIterator()
            site.bus.behave(.silent)
            let last = try #require(try site.charger().snapshot.lastPoll)
            await site.clock.advance(by: .seconds(12))

            var stale: WallInstant?
            while stale == nil, let event = await events.next() {
                guard case .state(let view) = event.payload else { continue }
                let at = last.wall.duration(to: event.at)
                if view.status(at: last.monotonic.advanced(by: at)) == .unavailable {
                    stale = event.at
                }
            }
            let age = last.wall.duration(to: try #require(stale))
            #expect(age > .seconds(10) && age <= .seconds(11))
        }
    }

    @Test func whatStandsIsAssertedAgainWhenTheWallboxIsBack() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.charge)
            await site.clock.advance(by: .seconds(10))
            #expect(site.setpoint() == .amperes(16))
            site.bus.behave(.silent)
            await site.clock.advance(by: .seconds(20))
            // Somebody turned it up meanwhile, above what is allowed.
            site.bus.behave(.answering)
            let now = site.agent.now().monotonic
            site.bus.change { wallbox in
                _ = wallbox.respond(
                    to: ModbusRequest(
                        unit: 1, operation: .writeSingleRegister(address: 0, value: 320)), at: now)
            }
            await site.clock.advance(by: .seconds(31))
            #expect(site.setpoint() == .amperes(16))
        }
    }

    @Test func actionThatHasFailedIsNeverWrittenLater() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.bus.behave(.silent)
            await site.clock.advance(by: .seconds(5))
            let action = try await site.push(.charge)
            await site.clock.advance(by: .seconds(7))
            let failed = try #require(try site.charger().lastAction)
            #expect(failed.id == action.id)
            guard case .failed(let failure) = failed.state else {
                Issue.record("\(failed.state)")
                return
            }
            #expect(failure.code == .deviceOffline)

            site.bus.behave(.answering)
            await site.clock.advance(by: .seconds(120))
            #expect(try site.charger().snapshot.link == .up)
            #expect(site.bus.setpointWrites() == [])
            #expect(site.setpoint() == .amperes(10), "as it was found")
        }
    }
}
