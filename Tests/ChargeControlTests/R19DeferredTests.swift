import ChargeControl
import ChargeModel
import Testing

/// What becomes of scheduled and windowed actions when the agent was down: what should hold *now* is
/// applied, and nothing that is over.
struct R19DeferredTests {
    /// A reading that comes before the first tick must not take the place of what is durable.
    @Test func r12_whatIsDurableGoesBeforeWhatIsFound() {
        var bench = ControlBench(
            restored: RestoredCharger(charger: ControlBench.charger, intent: .idle))
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(16))
        #expect(bench.target?.limit == .zero)
    }

    private func scheduled(
        _ command: ChargeCommand, in start: Duration, for length: Duration? = nil
    ) -> Action {
        var action = Action(
            id: Action.ID("action_0"), charger: ControlBench.charger, command: command,
            state: .scheduled, createdAt: ControlBench.start.wall.advanced(by: .seconds(-86_400)))
        let start = ControlBench.start.wall.advanced(by: start)
        action.start = start
        action.end = length.map { start.advanced(by: $0) }
        return action
    }

    private func restarted(
        _ action: Action, intent: ChargeIntent? = nil, boot: String = "boot-1"
    ) -> ControlBench {
        var bench = ControlBench(
            restored: RestoredCharger(
                charger: ControlBench.charger, intent: intent, openAction: action,
                lastAction: action), boot: boot)
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        return bench
    }

    @Test func r19_aStartThatPassedWhileItWasDownIsAppliedLateAndSaysSo() {
        var bench = restarted(scheduled(.charge, in: .seconds(-3_600), for: .seconds(7_200)))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.obey(.c2)
        #expect(bench.ends.last?.state == .completed)
        #expect(bench.ends.last?.message?.contains("started 60 min late") == true)
        bench.wait(.seconds(3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    @Test func r19_aWindowThatPassedEntirelyIsMissed() {
        var bench = restarted(scheduled(.charge, in: .seconds(-7_200), for: .seconds(3_600)))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .windowMissed)
        #expect(bench.target?.limit == .zero)
        #expect(bench.engine.lastAction?.failureCode == .windowMissed)
    }

    @Test func r21_aStartOfAnotherBootWaitsForATrustedClock() {
        var action = scheduled(.charge, in: .seconds(-10))
        action.startOnBoot = BootInstant(boot: "boot-0", at: MonotonicInstant(nanoseconds: 5))
        var bench = ControlBench(
            restored: RestoredCharger(charger: ControlBench.charger, openAction: action))
        bench.now.isWallTrusted = false
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        bench.tick()
        #expect(bench.target?.limit == .zero)
        bench.now.isWallTrusted = true
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }

    private func inOpenWindow(for left: Duration, trusted: Bool) -> ControlBench {
        var opener = scheduled(.charge, in: .seconds(-60), for: .seconds(60) + left)
        opener.state = .completed
        var start = ControlBench.start
        start.isWallTrusted = trusted
        return ControlBench(
            restored: RestoredCharger(
                charger: ControlBench.charger, intent: .charge, openWindow: opener,
                lastAction: opener), at: start)
    }

    @Test func r19_anOpenWindowGoesOnAndEndsAfterARestart() {
        var bench = inOpenWindow(for: .seconds(60), trusted: true)
        bench.poll(.c2, setpoint: .amperes(16))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    @Test func r19_aWindowThatEndedWhileItWasDownIsNotReplayed() {
        var bench = inOpenWindow(for: .seconds(-1), trusted: true)
        // Whichever comes first, the poll or the tick: simulate --profile reference-22kw --seed 1
        // --hours 3 --keep 173,177.
        bench.poll(.c2, setpoint: .amperes(6))
        #expect(bench.target?.limit == .zero)
        bench.tick()
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .idle)
    }

    @Test func r04_anOpenWindowWhoseEndCannotBeToldHoldsAtTheSafeCurrentAndRaisesNothing() {
        var bench = inOpenWindow(for: .seconds(60), trusted: false)
        bench.poll(.c2, setpoint: .amperes(16))
        bench.tick()
        #expect(bench.target?.limit == .amperes(6))
        #expect(bench.target?.allowsIncrease == false)
        bench.now.isWallTrusted = true
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }
}
