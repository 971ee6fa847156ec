import ChargeControl
import ChargeModel
import Testing

@Suite struct ClaimMergeTests {
    private func decide(_ limits: [(ClaimSource, Int)], step: Int = 100, minimum: Int = 6_000)
        -> Decision
    {
        ClaimMerge.decide(
            limits.map { Claim(source: $0.0, limit: Milliamperes($0.1), reason: "\($0.0)") },
            minimum: Milliamperes(minimum), step: Milliamperes(step))
    }

    @Test(arguments: [
        (5_900, 0), (5_999, 0), (6_000, 6_000), (6_090, 6_000), (6_099, 6_000), (6_100, 6_100),
        (0, 0), (-5_000, 0), (Int.min, 0), (15_999, 15_900), (32_000, 32_000),
    ])
    func r02_aLimitIsAPauseOrAtLeast6AAndIsRoundedDown(limit: Int, decided: Int) {
        #expect(decide([(.action, limit)]).limit?.rawValue == decided)
    }

    @Test func theMinimumOfTheModelCountsWhereItIsHigher() {
        #expect(decide([(.action, 7_900)], minimum: 8_000).limit == .zero)
        #expect(decide([(.action, 8_000)], minimum: 8_000).limit == .amperes(8))
        // And a step that rounds below the minimum pauses.
        #expect(decide([(.action, 6_900)], step: 4_000).limit == .zero)
    }

    /// Every pair and order of claims: the minimum decides, and of equals the earlier source wins.
    @Test func r01_theLeastClaimWinsAndOfEqualsTheFirstSource() {
        let sources = ClaimSource.allCases
        for first in sources {
            for second in sources where second != first {
                for (one, other) in [(8_000, 8_000), (8_000, 16_000), (16_000, 8_000)] {
                    let decision = decide([(first, one), (second, other)])
                    #expect(decision.limit == Milliamperes(min(one, other)))
                    let order = sources.firstIndex(of: first) ?? 0
                    let rival = sources.firstIndex(of: second) ?? 0
                    let expected =
                        one == other
                        ? (order < rival ? first : second) : (one < other ? first : second)
                    #expect(decision.winner == expected)
                    #expect(
                        decision.claims.map(\.source)
                            == sources.filter { [first, second].contains($0) })
                }
            }
        }
    }

    @Test func theReasonNamesTheWinnerAndThePause() {
        #expect(decide([(.maxChargeRate, 3_000)]).reason.contains("held at 0 A"))
        #expect(decide([(.maxChargeRate, 3_000)]).reason.contains("6 A"))
        #expect(decide([(.installation, 10_000)]).reason.contains("installation"))
    }
}

@Suite struct PhaseCounterTests {
    private let now = MonotonicInstant(nanoseconds: 0)

    private func at(_ seconds: Int) -> MonotonicInstant { now.advanced(by: .seconds(seconds)) }

    private func currents(_ phases: Int) -> [Milliamperes] {
        (0..<3).map { $0 < phases ? .amperes(10) : .zero }
    }

    @Test func aFallCountsAfterAMinuteAndARiseAtOnce() {
        var counter = PhaseCounter(installed: 3, fall: .seconds(60))
        #expect(counter.phases == 3)
        counter.measured(currents(1), at: at(0))
        counter.measured(currents(1), at: at(59))
        #expect(counter.phases == 3)
        counter.measured(currents(1), at: at(60))
        #expect(counter.phases == 1)
        counter.measured(currents(2), at: at(61))
        #expect(counter.phases == 2)
        counter.measured(currents(3), at: at(62))
        #expect(counter.phases == 3)
    }

    @Test func aMomentWithoutCurrentStartsAnew() {
        var counter = PhaseCounter(installed: 3, fall: .seconds(60))
        counter.measured(currents(1), at: at(0))
        counter.measured([], at: at(30))
        counter.measured(currents(1), at: at(61))
        #expect(counter.phases == 3)
    }

    /// A short dip must not let more current through than what was in use for most of the minute.
    @Test func theMostThatWasInUseDuringTheMinuteCounts() {
        var counter = PhaseCounter(installed: 3, fall: .seconds(60))
        for second in 0..<60 { counter.measured(currents(2), at: at(second)) }
        counter.measured(currents(1), at: at(60))
        #expect(counter.phases == 2)
        counter.measured(currents(1), at: at(61))
        counter.measured(currents(1), at: at(121))
        #expect(counter.phases == 1)
    }

    @Test func noiseOnAPhaseIsNoCurrent() {
        var counter = PhaseCounter(installed: 3, fall: .seconds(60))
        let noisy: [Milliamperes] = [.amperes(10), Milliamperes(499), Milliamperes(200)]
        counter.measured(noisy, at: at(0))
        counter.measured(noisy, at: at(60))
        #expect(counter.phases == 1)
    }
}
