import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// On how many phases a wallbox is to charge that the agent may switch: `max_charge_rate` decides.
struct R11PhaseTests {
    private func charging() -> ControlBench {
        var bench = ControlBench(phases: 3, switchesPhases: true)
        bench.poll(.b2, setpoint: .zero) { snapshot, _ in snapshot.switchedPhases = 3 }
        bench.push(.charge)
        bench.obey(.c2)
        return bench
    }

    @Test func r11_threePhasesAreWantedAsLongAsTheCapIsEnoughForThem() {
        var bench = charging()
        #expect(bench.target?.phases == PhaseWish(wanted: 3, counted: 3))
        bench.settings(Watts(4_200))
        #expect(bench.target?.phases == PhaseWish(wanted: 3, counted: 3))
        #expect(bench.target?.limit == .amperes(6))
    }

    @Test func r11_aCapThatIsTooLittleForThreeIsHeldAtNothingUntilOneIsShown() {
        var bench = charging()
        bench.settings(Watts(3_000))
        #expect(bench.target?.phases == PhaseWish(wanted: 1, counted: 3))
        #expect(bench.target?.limit == .zero)
        #expect(bench.engine.decision.reason.contains("until one is switched through"))
        bench.obey(.b1)
        bench.poll(.b1) { snapshot, _ in snapshot.switchedPhases = 1 }
        #expect(bench.target?.phases == PhaseWish(wanted: 1, counted: 1))
        #expect(bench.target?.limit == .amperes(13))
    }

    @Test func r01_aHigherCapCountsWithTheOnePhaseUntilThreeAreShown() {
        var bench = charging()
        bench.settings(Watts(3_000))
        bench.poll(.b1) { snapshot, _ in snapshot.switchedPhases = 1 }
        bench.settings(Watts(6_900))
        #expect(bench.target?.phases == PhaseWish(wanted: 3, counted: 1))
        #expect(bench.target?.limit == .amperes(16))
        // And at once with three where they are shown.
        bench.poll(.b1) { snapshot, _ in snapshot.switchedPhases = 3 }
        #expect(bench.target?.limit == .amperes(10))
        #expect(bench.target?.phases == PhaseWish(wanted: 3, counted: 3))
        bench.poll(.b1) { snapshot, _ in snapshot.switchedPhases = nil }
        #expect(bench.target?.phases == PhaseWish(wanted: 3, counted: 3), "unknown is all of them")
    }

    @Test func r11_idleAndFaultsLeaveThePhasesAsTheyAre() {
        var bench = charging()
        bench.push(.idle)
        #expect(bench.target?.phases?.wanted == nil)
        bench.obey(.b1)
        bench.push(.charge)
        #expect(bench.target?.phases?.wanted == 3)
        bench.poll(.c2) { snapshot, _ in
            snapshot.conditions = [.limitExceeded(heldAt: .amperes(6), reason: "too much")]
        }
        #expect(bench.target?.phases?.wanted == nil)
    }

    @Test func r11_whereTheAgentDoesNotSwitchNothingIsWanted() {
        var bench = ControlBench(phases: 3)
        bench.poll(.b2, setpoint: .zero) { snapshot, _ in snapshot.switchedPhases = 1 }
        bench.push(.charge)
        bench.settings(Watts(3_000))
        #expect(bench.target?.phases == nil)
        #expect(bench.target?.limit == .zero)
    }
}
