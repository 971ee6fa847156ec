import ChargeControl
import ChargeModel
import Testing

/// The share of a fuse as a claim to one charger.
@Suite struct GroupClaimTests {
    private func bench(
        intent: ChargeIntent? = .charge, installation: Milliamperes = .amperes(32)
    ) -> ControlBench {
        ControlBench(
            restored: RestoredCharger(charger: ControlBench.charger, intent: intent),
            installation: installation, group: "garage")
    }

    private func share(
        _ limit: Milliamperes, in bench: ControlBench, revision: UInt64 = 1
    ) -> GroupShare {
        GroupShare(
            group: "garage", limit: limit,
            validUntil: bench.now.monotonic.advanced(by: .seconds(10)), revision: revision,
            reason: "fuse garage of 32 A: shared equally with the others")
    }

    @Test func r12_withoutAShareItIsHeldAtWhatItIsFoundAt() {
        var bench = bench()
        bench.poll(.c2, setpoint: .amperes(10))
        #expect(bench.target?.limit == .amperes(10))
        #expect(bench.target?.allowsIncrease == false)
        #expect(bench.engine.decision.winner == .group)
        #expect(bench.engine.decision.reason.contains("found at"))
    }

    @Test func whatCannotBeReadIsLeftAloneUntilThereIsAShare() {
        var bench = bench()
        bench.poll(.c2) { snapshot, _ in snapshot.setpoint = .absent(.writeOnly) }
        #expect(bench.target == nil)
        #expect(bench.engine.decision.limit == nil)
        // A stop waits for nobody.
        bench.push(.idle)
        #expect(bench.target?.limit == .zero)
    }

    @Test func theShareLimits() {
        var bench = bench()
        bench.engine.shareGiven(share(.amperes(16), in: bench))
        bench.poll(.c2, setpoint: .amperes(10))
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.target?.allowsIncrease == true)
        #expect(bench.engine.decision.winner == .group)
        #expect(
            bench.engine.decision.reason
                == "up to 16 A: fuse garage of 32 A: shared equally with the others")
        bench.engine.shareGiven(share(.zero, in: bench, revision: 2))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    @Test(arguments: [(16, 6), (0, 0)])
    func r04_aShareThatIsNotRenewedEndsInTheSafeCurrent(given: Int, left: Int) {
        var bench = bench()
        bench.engine.shareGiven(share(.amperes(given), in: bench))
        bench.poll(.c2, setpoint: .amperes(10))
        bench.wait(.milliseconds(9_999))
        bench.tick()
        #expect(bench.target?.limit == .amperes(given))
        bench.wait(.milliseconds(1))
        bench.tick()
        #expect(bench.target?.limit == .amperes(left))
        #expect(bench.engine.decision.reason.contains("was not renewed"))
    }

    @Test func aChargeThatHasToWaitCompletesAndSaysSo() {
        var bench = bench(intent: .idle)
        bench.engine.shareGiven(share(.zero, in: bench))
        bench.poll(.b1, setpoint: .zero)
        bench.push(.charge)
        bench.obey()
        #expect(bench.ends.last?.state == .completed)
        #expect(bench.ends.last?.message?.contains("held at 0 A: fuse garage") == true)
    }

    // MARK: - What the group is told

    @Test func theGroupIsToldWhatWouldBeAllowedWithoutIt() {
        var bench = bench(installation: .amperes(20))
        bench.engine.shareGiven(share(.amperes(8), in: bench, revision: 7))
        bench.poll(.c2, setpoint: .amperes(8))
        let report = bench.engine.report(told: bench.target)
        #expect(report.wanted == .amperes(20))
        #expect(report.heldRevision == 7)
        #expect(report.told?.limit == .amperes(8))
        bench.push(.idle)
        #expect(bench.engine.report(told: bench.target).wanted == .zero)
    }

    @Test func whatWasMerelyFoundWantsNoMoreThanItHas() {
        var bench = bench(intent: nil)
        bench.engine.shareGiven(share(.amperes(16), in: bench))
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(12))
        #expect(bench.engine.report(told: bench.target).wanted == .amperes(12))
        bench.poll(.c2, setpoint: .amperes(8))
        #expect(bench.engine.report(told: bench.target).wanted == .amperes(8))
        // What cannot be read is adopted as its least, and wants that.
        var mute = self.bench(intent: nil)
        mute.engine.shareGiven(share(.amperes(16), in: mute))
        mute.wait(.seconds(1))
        mute.poll(.c2) { snapshot, _ in snapshot.setpoint = .absent(.writeOnly) }
        #expect(mute.engine.report(told: mute.target).wanted == .amperes(6))
    }
}
