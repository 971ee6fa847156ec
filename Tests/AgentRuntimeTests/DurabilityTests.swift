import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// What is answered and written, and when, against what the disk does.
@Suite struct DurabilityTests {
    @Test func r16_pushIsDurableBeforeItIsAnsweredAndBeforeAnythingIsWritten() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            let before = site.bus.accesses.count
            site.store.shut()

            let answer = await site.pushInBackground(.idle)
            await site.clock.advance(by: .seconds(2))

            #expect(site.store.waitingCount == 1)
            #expect(answer.result == nil)
            #expect(site.bus.setpointWrites() == [])
            #expect(site.bus.accesses.count > before, "the wallbox is polled meanwhile")
            #expect(try site.charger().lastAction == nil)

            site.store.open()
            await site.clock.settle()
            let action = try #require(answer.action)
            #expect(action.state == .acknowledged)
            #expect(try await site.store.action(action.id)?.command == .idle)
            #expect(site.bus.setpointWrites() == [0])
        }
    }

    @Test(arguments: [
        (StoreError.full, RequestRefusal.storeFull),
        (.unavailable(reason: "EIO"), .storeUnavailable(retryAfter: .seconds(5))),
        (.corrupt(reason: "torn page"), .storeUnavailable(retryAfter: .seconds(5))),
    ])
    func r18_pushThatCannotBeStoredIsRefusedAndNeverWritten(
        error: StoreError, refusal: RequestRefusal
    ) async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.inner.failCommits(with: error)

            #expect(await site.pushInBackground(.idle).refusal == refusal)
            #expect(await site.agent.readiness().storeProblem != nil)
            #expect(await !site.agent.readiness().isReady)

            site.store.inner.failCommits(with: nil)
            await site.clock.advance(by: .seconds(30))
            #expect(site.bus.setpointWrites() == [], "never written later")
            #expect(try site.charger().lastAction == nil)

            _ = try await site.push(.idle)
            await site.clock.settle()
            #expect(site.bus.setpointWrites() == [0])
            #expect(await site.agent.readiness().storeProblem == nil)
        }
    }

    @Test func settingIsDurableBeforeItIsInForce() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.inner.failCommits(with: .full)
            let change = SettingsRequest(charger: Site.first, maxChargeRate: Watts(1_600))
            await #expect(throws: RequestRefusal.storeFull) { try await site.agent.change(change) }
            await site.clock.advance(by: .seconds(2))
            #expect(site.bus.setpointWrites() == [])

            site.store.inner.failCommits(with: nil)
            try await site.agent.change(change)
            #expect(try site.charger().maxChargeRate == Watts(1_600))
            await site.clock.settle()
            #expect(site.bus.setpointWrites() == [6])
        }
    }

    @Test func fullQueueIsBusyAtOnceAndWhoWaitsTooLongIsToo() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.shut()
            let taken = await site.pushInBackground(.idle)
            var waiting: [Answer] = []
            for _ in 0..<32 { waiting.append(await site.pushInBackground(.idle)) }
            #expect(waiting.allSatisfy { $0.result == nil })

            let tooMany = await site.pushInBackground(.idle)
            #expect(tooMany.refusal == .busy(retryAfter: .seconds(1)))

            // The disk still hangs: nobody can be taken, and nobody waits longer than the bound.
            await site.clock.advance(by: .seconds(6))
            #expect(waiting.allSatisfy { $0.refusal == .busy(retryAfter: .seconds(1)) })
            #expect(taken.result == nil, "what is taken waits for its commit")

            site.store.open()
            await site.clock.settle()
            #expect(taken.action != nil)
        }
    }

    @Test func readsNeverWaitForADiskOrAWallboxThatHangs() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.shut()
            site.bus.behave(.hanging)
            let answer = await site.pushInBackground(.idle)
            await site.clock.advance(by: .seconds(12))

            // No time passes from here on: whoever waited would wait for ever.
            let view = try site.charger()
            #expect(view.status(at: site.agent.now().monotonic) == .unavailable)
            #expect(view.freshness(at: site.agent.now().monotonic) == .fallback)
            #expect(await !site.agent.readiness().isReady)
            #expect(try await site.agent.actions(ActionQuery(chargers: [Site.first])).total == 0)
            #expect(answer.result == nil)
            await site.bus.shutDown()
        }
    }

    @Test func whoIsAnsweredReadsHisActionInTheView() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            for command in [ChargeCommand.idle, .charge, .idle] {
                let action = try await site.push(command)
                #expect(try site.charger().lastAction?.id == action.id)
                await site.clock.advance(by: .seconds(20))
            }
        }
    }
}
