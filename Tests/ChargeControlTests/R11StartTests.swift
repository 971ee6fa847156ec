import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// Which starts somebody waits for: those that nobody waits for may be put off by the driver.
struct R11StartTests {
    private func paused() -> ControlBench {
        var bench = ControlBench()
        bench.poll(.b2, setpoint: .zero)
        bench.push(.charge)
        bench.obey(.c2)
        bench.settings(Watts(1_000))
        bench.obey(.b1)
        #expect(bench.target?.limit == .zero)
        return bench
    }

    @Test func r11_aPushedStartIsRequestedUntilItIsInForce() {
        var bench = ControlBench()
        bench.poll(.b2, setpoint: .zero)
        bench.push(.charge)
        #expect(bench.target?.isRequested == true)
        bench.obey(.c2)
        bench.tick()
        #expect(bench.target?.isRequested == false)
    }

    @Test func r11_aStartThatASettingBringsIsRequestedUntilItIsInForce() {
        var bench = paused()
        bench.settings(Watts(3_500))
        #expect(bench.target?.limit == Milliamperes(15_200))
        #expect(bench.target?.isRequested == true)
        bench.tick()
        #expect(bench.target?.isRequested == true)
        bench.obey(.c2)
        bench.tick()
        #expect(bench.target?.isRequested == false)
    }

    /// Else what switches off again before a poll shows it in force would count as awaited for ever.
    @Test func r11_aStartThatWasCarriedOutIsAwaitedNoLonger() {
        var bench = paused()
        bench.settings(Watts(3_500))
        let revision = bench.target?.revision ?? 0
        bench.wait(.milliseconds(100))
        bench.poll(.c2, application: .written(revision: revision, at: bench.now))
        #expect(bench.target?.isRequested == false)
        #expect(bench.target?.limit == Milliamperes(15_200))
    }

    @Test func r11_settingsBringNoMoreStartsThanMayBePushed() {
        var bench = paused()
        for _ in 1..<20 {
            bench.settings(Watts(3_500))
            #expect(bench.target?.isRequested == true)
            bench.obey(.c2)
            bench.settings(Watts(1_000))
            bench.obey(.b1)
        }
        bench.settings(Watts(3_500))
        #expect(bench.target?.limit == Milliamperes(15_200))
        #expect(bench.target?.isRequested == false, "the driver may put it off")
        bench.obey(.c2)
        bench.push(.charge)
        guard case .tooManyStarts? = bench.refusals.last else {
            Issue.record("\(bench.refusals)")
            return
        }
        bench.wait(.seconds(3_600))
        bench.settings(Watts(1_000))
        bench.obey(.b1)
        bench.settings(Watts(3_500))
        #expect(bench.target?.isRequested == true)
    }

    @Test func r11_aSettingThatBringsNoStartCountsForNone() {
        var bench = paused()
        for _ in 0..<30 { bench.settings(Watts(1_100)) }
        bench.push(.charge)
        #expect(bench.refusals == [])
    }

    @Test func r11_aPushedStartThatOthersOnAFuseHoldBackIsStillAwaited() {
        var bench = ControlBench(group: "garage")
        func share(_ limit: Milliamperes) -> GroupShare {
            GroupShare(
                group: "garage", limit: limit,
                validUntil: bench.now.monotonic.advanced(by: .seconds(60)),
                revision: 1, reason: "a share")
        }
        bench.engine.shareGiven(share(.zero))
        bench.poll(.b1, setpoint: .zero)
        bench.push(.charge)
        bench.obey(.b1)
        #expect(bench.ends.map(\.state) == [.completed])
        bench.engine.shareGiven(share(.amperes(10)))
        bench.tick()
        #expect(bench.target?.limit == .amperes(10))
        #expect(bench.target?.isRequested == true)
        bench.obey(.c2)
        bench.engine.shareGiven(share(.zero))
        bench.tick()
        bench.obey(.b1)
        bench.engine.shareGiven(share(.amperes(10)))
        bench.tick()
        #expect(bench.target?.isRequested == false, "what the others do later is not awaited")
    }
}
