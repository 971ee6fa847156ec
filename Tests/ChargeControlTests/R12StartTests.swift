import ChargeControl
import ChargeModel
import Testing

@Suite struct R12StartTests {
    @Test func r12_nothingIsWantedBeforeTheFirstReading() {
        var bench = ControlBench()
        bench.tick()
        bench.lose()
        bench.wait(.seconds(30))
        bench.tick()
        #expect(bench.target == nil)
        #expect(bench.engine.view.decision.limit == nil)
    }

    @Test(arguments: [(0, 0), (8, 8), (16, 16), (32, 16)])
    func r12_whatIsFoundIsKeptOrReducedAndNeverRaised(found: Int, kept: Int) {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(found))
        #expect(bench.target?.limit == .amperes(kept))
        #expect(bench.target?.allowsIncrease == false)
    }

    @Test(arguments: [(6, 6), (16, 6), (0, 0)])
    func r12_whatCannotBeReadCountsAsAboveEverythingAllowed(safe: Int, kept: Int) {
        var bench = ControlBench(safe: .amperes(safe))
        bench.wait(.seconds(1))
        bench.poll(.c2) { snapshot, _ in snapshot.setpoint = .absent(.writeOnly) }
        #expect(bench.target?.limit == .amperes(kept))
        #expect(bench.target?.allowsIncrease == false)
    }

    struct Unread: Sendable, CustomTestStringConvertible {
        var pilot: PilotState
        /// nil where there is no meter.
        var amperes: Int?
        var isHeldAtTheMinimum: Bool
        var testDescription: String { "\(pilot), \(amperes.map { "\($0) A" } ?? "no meter")" }
    }

    /// Whether it is at 0 A or at 32 A nobody knows, unless current flows.
    @Test(arguments: [
        Unread(pilot: .a, amperes: 0, isHeldAtTheMinimum: false),
        Unread(pilot: .b2, amperes: 0, isHeldAtTheMinimum: false),
        Unread(pilot: .c2, amperes: 0, isHeldAtTheMinimum: false),
        Unread(pilot: .c2, amperes: 1, isHeldAtTheMinimum: false),
        Unread(pilot: .c2, amperes: 5, isHeldAtTheMinimum: true),
        Unread(pilot: .c2, amperes: nil, isHeldAtTheMinimum: true),
        Unread(pilot: .b2, amperes: 5, isHeldAtTheMinimum: false),
    ])
    func r12_whatCannotBeReadIsHeldAtTheMinimumOnlyWhileCurrentFlows(unread: Unread) {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(unread.pilot) { snapshot, time in
            snapshot.setpoint = .absent(.writeOnly)
            if let amperes = unread.amperes {
                snapshot.currents = [.captured(.amperes(amperes), at: time)]
            }
        }
        #expect(bench.target?.limit == (unread.isHeldAtTheMinimum ? .amperes(6) : .zero))
        #expect(bench.target?.allowsIncrease == false)
        #expect(bench.engine.decision.winner == .adopted)
        #expect(bench.engine.decision.reason.contains("cannot be read"))
        // Until somebody asks.
        bench.push(.charge)
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.target?.allowsIncrease == true)
    }

    @Test func r12_aPowerMeterTellsThatCurrentFlowsAsWell() {
        for (watts, limit) in [(200, 0), (1_000, 6)] {
            var bench = ControlBench()
            bench.wait(.seconds(1))
            bench.poll(.c2) { snapshot, time in
                snapshot.setpoint = .absent(.implausible)
                snapshot.power = .captured(Watts(watts), at: time)
            }
            #expect(bench.target?.limit == .amperes(limit), "\(watts) W")
        }
    }

    @Test func r12_theChargeRateCutsWhatIsFound() {
        var bench = ControlBench(
            restored: RestoredCharger(charger: ControlBench.charger, maxChargeRate: Watts(2_300)))
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(16))
        #expect(bench.target?.limit == .amperes(10))
    }

    @Test func r12_aForeignDeviceIsNotAdopted() {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .zero) { snapshot, _ in
            snapshot.conditions = [.wrongDevice(reason: "another")]
        }
        #expect(bench.target == nil)
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(10)) { snapshot, _ in snapshot.conditions = [] }
        #expect(bench.target?.limit == .amperes(10))
    }

    @Test func r19_aDurableIntentIsWantedFromTheStart() {
        for (intent, limit) in [(ChargeIntent.charge, 16), (.idle, 0)] {
            var bench = ControlBench(
                restored: RestoredCharger(charger: ControlBench.charger, intent: intent))
            bench.tick()
            #expect(bench.target?.limit == .amperes(limit))
            #expect(bench.target?.allowsIncrease == true)
        }
    }

    private func interrupted(_ command: ChargeCommand, age: Duration) -> ControlBench {
        let action = Action(
            id: Action.ID("action_0"), charger: ControlBench.charger, command: command,
            state: .acknowledged,
            createdAt: ControlBench.start.wall.advanced(by: .zero - age))
        return ControlBench(
            restored: RestoredCharger(
                charger: ControlBench.charger, openAction: action, lastAction: action))
    }

    @Test func r19_anInterruptedIdleIsAlwaysTakenUp() {
        var bench = interrupted(.idle, age: .seconds(100_000))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        bench.wait(.seconds(1))
        bench.obey(.b1)
        #expect(bench.ends.map(\.state) == [.completed])
    }

    @Test func r19_anInterruptedChargeIsTakenUpWhileItIsYoung() {
        var bench = interrupted(.charge, age: .seconds(10))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test(arguments: [Duration.seconds(30), .seconds(100_000), .seconds(-60)])
    func r19_anOldChargeFailsAndIsNeverWritten(age: Duration) {
        var bench = interrupted(.charge, age: age)
        bench.tick()
        #expect(bench.target == nil)
        #expect(bench.ends.map(\.failureCode) == [.deviceOffline])
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        #expect(bench.target?.limit == .zero)
    }
}
