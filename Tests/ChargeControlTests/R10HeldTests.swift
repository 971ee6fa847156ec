import ChargeControl
import ChargeModel
import Testing

/// What the driver holds a vehicle at that takes too much is what the decision says (requirement R10).
@Suite struct R10HeldTests {
    @Test(arguments: [(6, 8, 6), (0, 8, 0), (6, 0, 0)])
    func r10_theDecisionIsWhatAGreedyVehicleIsHeldAt(held: Int, safe: Int, limit: Int) {
        var bench = ControlBench(
            restored: RestoredCharger(charger: ControlBench.charger, intent: .charge),
            safe: .amperes(safe))
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(16))
        #expect(bench.target?.limit == .amperes(16))
        let condition = ChargerCondition.limitExceeded(
            heldAt: .amperes(held), reason: "the vehicle takes more than its limit")
        bench.poll { snapshot, _ in snapshot.conditions = [.writesNotApplied, condition] }
        #expect(bench.target?.limit == .amperes(limit))
        #expect(bench.engine.decision.winner == .fault)
        #expect(
            bench.engine.decision.reason.hasPrefix(
                limit == 0 ? "held at 0 A" : "up to \(Milliamperes.amperes(limit))"))
        // The next vehicle.
        bench.poll { snapshot, _ in snapshot.conditions = [] }
        #expect(bench.target?.limit == .amperes(16))
    }
}
