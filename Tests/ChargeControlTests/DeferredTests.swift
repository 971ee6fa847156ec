import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// Scheduled and windowed actions: when they begin, what they leave, and what a clock does to them.
struct DeferredTests {
    private func bench(found: Milliamperes = .zero) -> ControlBench {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: found)
        return bench
    }

    private func timing(_ bench: ControlBench, _ start: Duration, for length: Duration? = nil)
        -> ActionTiming
    {
        let start = bench.now.wall.advanced(by: start)
        return ActionTiming(start: start, end: length.map { start.advanced(by: $0) })
    }

    @Test func aScheduledChargeWaitsStartsAtItsTimeAndCompletesWhenVerified() throws {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(60)))
        let accepted = try #require(bench.accepted.last)
        #expect(accepted.state == .scheduled)
        #expect(accepted.acknowledgedAt == nil)
        #expect(bench.target?.limit == .zero, "it counts for nothing before its start")
        #expect(bench.engine.view.currentSchedule?.state == .pending)
        bench.wait(.milliseconds(59_999))
        bench.tick()
        #expect(bench.target?.limit == .zero, "never early")
        bench.wait(.milliseconds(1))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.engine.lastAction?.state == .acknowledged)
        bench.obey(.c2)
        #expect(bench.ends.last?.state == .completed)
        #expect(bench.ends.last?.message == nil)
        #expect(bench.durableIntent == .charge)
        #expect(bench.engine.view.currentSchedule == nil)
    }

    @Test func aScheduledStopEndsACharge() {
        var bench = bench()
        bench.push(.charge)
        bench.obey(.c2)
        bench.push(.idle, timing(bench, .seconds(30)))
        bench.wait(.seconds(30))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        bench.obey(.b2)
        #expect(bench.ends.last?.command == .idle)
        #expect(bench.durableIntent == .idle)
    }

    @Test func aWindowChargesFromItsStartToItsEndAndThenIdles() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(60), for: .seconds(3_600)))
        bench.wait(.seconds(60))
        bench.tick()
        bench.obey(.c2)
        #expect(bench.ends.last?.state == .completed, "at its verified start")
        #expect(bench.persisted.compactMap(\.intent).last?.window == Action.ID("action_1"))
        #expect(bench.engine.view.currentSchedule?.state == .active)
        bench.wait(.seconds(3_599))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.wait(.seconds(1))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .idle)
        #expect(bench.persisted.compactMap(\.intent).last?.window == nil)
        #expect(bench.engine.view.currentSchedule == nil)
        #expect(bench.ends.count == 1, "the end of a window is no action")
    }

    @Test func aWindowDoesNotIdleTheTimeBeforeIt() {
        var bench = bench()
        bench.push(.charge)
        bench.obey(.c2)
        bench.push(.charge, timing(bench, .seconds(600), for: .seconds(600)))
        bench.wait(.seconds(300))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test(arguments: ChargeCommand.allCases)
    func aNewerActionEndsTheRestOfAWindow(command: ChargeCommand) {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1), for: .seconds(3_600)))
        bench.wait(.seconds(1))
        bench.tick()
        bench.obey(.c2)
        bench.push(command)
        bench.obey()
        #expect(bench.engine.view.currentSchedule == nil)
        bench.wait(.seconds(3_700))
        bench.tick()
        #expect(bench.target?.limit == (command == .charge ? .amperes(16) : .zero))
    }

    @Test func aFailedChargeLeavesTheWindowThatIsOpen() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1), for: .seconds(3_600)))
        bench.wait(.seconds(1))
        bench.tick()
        bench.obey(.c2)
        bench.push(
            .charge, sandbox: SandboxOutcome(failure: .deviceOffline, delay: .zero))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .deviceOffline)
        bench.wait(.seconds(3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero, "its end still holds")
    }

    @Test func aStartIsTriedForAQuarterOfAnHourAndThenFails() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1)))
        bench.wait(.seconds(1))
        bench.tick()
        bench.lose()
        bench.wait(.seconds(899))
        bench.tick()
        #expect(bench.ends.isEmpty)
        bench.wait(.seconds(1))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .deviceOffline)
        #expect(bench.target?.limit == .zero, "what has failed is never written later")
    }

    @Test func aStartIsTriedNoLongerThanItsWindow() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1), for: .seconds(60)))
        bench.wait(.seconds(1))
        bench.tick()
        bench.lose()
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .deviceOffline)
    }

    @Test func aRefusedStartIsTriedAgain() throws {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1)))
        bench.wait(.seconds(1))
        bench.tick()
        let first = try #require(bench.target).revision
        bench.poll(application: .refused(revision: first, reason: "busy"))
        bench.wait(.seconds(9))
        bench.tick()
        #expect(bench.target?.revision == first)
        bench.wait(.seconds(1))
        bench.tick()
        bench.tick()
        #expect(try #require(bench.target).revision == first + 1)
        bench.obey(.c2)
        #expect(bench.ends.last?.state == .completed)
    }

    // MARK: - Conflicts and cancelling

    @Test(arguments: ChargeCommand.allCases)
    func whatIsScheduledConflictsUntilItIsReplaced(command: ChargeCommand) {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(600)))
        bench.push(command)
        #expect(
            bench.refusals.last
                == .conflict(
                    reason: .noStrategySupplied, actions: [Action.ID("action_1")],
                    strategies: [.cancelAndReplace]))
        bench.push(command, onConflict: .cancelAndReplace)
        #expect(bench.ends.map(\.state) == [.cancelled])
        #expect(bench.accepted.last?.id == Action.ID("action_3"))
        #expect(
            bench.persisted.last?.actions.map(\.state.name) == [.cancelled, .acknowledged],
            "in one commit")
        bench.obey(.c2)
        bench.wait(.seconds(700))
        bench.tick()
        #expect(bench.accepted.count == 2, "the cancelled one never starts")
        #expect(bench.engine.lastAction?.id == Action.ID("action_3"))
    }

    @Test func replacingIsUndoneWhenItsCommitFails() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(60)))
        bench.push(.idle, onConflict: .cancelAndReplace, commits: false)
        bench.failCommits(with: .full)
        #expect(bench.refusals == [.storeFull])
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16), "the old one stands and starts")
    }

    @Test func onlyWhatWaitsCanBeCancelled() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(60)))
        bench.cancel("action_9")
        #expect(bench.refusals == [.unknownAction])
        bench.cancel("action_1")
        #expect(bench.accepted.last?.state == .cancelled)
        #expect(bench.ends.map(\.state) == [.cancelled])
        #expect(bench.engine.view.currentSchedule == nil)
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        bench.push(.charge)
        bench.cancel("action_2")
        #expect(bench.refusals.last == .unknownAction)
        bench.cancel("action_4")
        #expect(bench.refusals.last == .notCancellable(.acknowledged))
    }

    @Test func aCancellationThatCannotBeStoredNeverHappened() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(60)))
        bench.cancel("action_1", commits: false)
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .zero, "not while its fate is open")
        bench.failCommits(with: .full)
        #expect(bench.refusals == [.storeFull])
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }

    // MARK: - The store

    @Test func aStartCountsAtOnceAndIsMadeDurableUntilThatSucceeds() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1)))
        bench.wait(.seconds(1))
        bench.tick(commits: false)
        #expect(bench.target?.limit == .amperes(16))
        bench.failCommits(with: .full)
        bench.obey(.c2)
        let last = bench.persisted.last
        #expect(last?.actions.map(\.state.name) == [.completed], "one state of an action, the last")
        #expect(last?.intent?.intent == .charge)
    }

    @Test func theEndOfAWindowIsRepeatedUntilItIsDurable() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1), for: .seconds(60)))
        bench.wait(.seconds(1))
        bench.tick()
        bench.obey(.c2)
        bench.wait(.seconds(60))
        bench.tick(commits: false)
        #expect(bench.target?.limit == .zero)
        bench.failCommits(with: .full)
        bench.tick()
        #expect(bench.persisted.last?.intent?.intent == .idle)
        let count = bench.persisted.count
        bench.tick()
        #expect(bench.persisted.count == count)
    }

    // MARK: - Time

    @Test func r21_anUntrustedClockStartsNoChargeButRelativeOnesAndStops() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(60)))
        bench.now.isWallTrusted = false
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        bench.now.isWallTrusted = true
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test func r21_aRelativeStartHoldsWhateverTheWallClockDoes() {
        for step in [Duration.seconds(-400_000), .seconds(-1), .seconds(1), .seconds(400_000)] {
            var bench = bench()
            bench.now.isWallTrusted = false
            let start = bench.now.wall.advanced(by: .seconds(60))
            bench.push(.charge, ActionTiming(start: start, isRelative: true))
            #expect(bench.accepted.last?.startOnBoot?.boot == "boot-1")
            bench.now.wall = bench.now.wall.advanced(by: step)
            bench.wait(.milliseconds(59_999))
            bench.tick()
            #expect(bench.target?.limit == .zero)
            bench.wait(.milliseconds(1))
            bench.tick()
            #expect(bench.target?.limit == .amperes(16), "after a step of \(step)")
        }
    }

    @Test(arguments: [-3_600, -1, 1, 3_600])
    func r21_aStepOfTheClockMovesWhatWaitsAndNothingRunsTwice(seconds: Int) {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(7_200)))
        bench.now.wall = bench.now.wall.advanced(by: .seconds(seconds))
        bench.wait(.seconds(7_200 - seconds) - .milliseconds(1))
        bench.tick()
        #expect(bench.target?.limit == .zero, "never early")
        bench.wait(.milliseconds(1))
        bench.tick()
        bench.obey(.c2)
        #expect(bench.ends.map(\.state) == [.completed])
        bench.now.wall = bench.now.wall.advanced(by: .seconds(-7_200))
        for _ in 0..<100 {
            bench.wait(.seconds(100))
            bench.tick()
        }
        #expect(bench.ends.count == 1)
    }

    @Test func r21_theEndOfAWindowComesWithoutTrustToo() {
        var bench = bench()
        bench.push(.charge, timing(bench, .seconds(1), for: .seconds(60)))
        bench.wait(.seconds(1))
        bench.tick()
        bench.obey(.c2)
        bench.now.isWallTrusted = false
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .zero, "by the steady clock")
    }

    @Test func idleEndsAtUnplugOnlyWhereThatIsConfigured() {
        for isConfigured in [false, true] {
            var bench = ControlBench(idleEndsAtUnplug: isConfigured)
            bench.poll(.c2, setpoint: .zero)
            bench.push(.idle)
            bench.obey(.b2)
            bench.poll(.a)
            bench.poll(.b2)
            #expect(bench.target?.limit == (isConfigured ? .amperes(16) : .zero))
        }
    }
}
