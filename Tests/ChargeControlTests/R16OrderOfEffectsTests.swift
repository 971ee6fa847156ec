import ChargeControl
import ChargeModel
import Testing

@Suite struct R16OrderOfEffectsTests {
    /// First contact with a wallbox that is switched off, and nobody said anything yet.
    private func contacted() -> ControlBench {
        var bench = ControlBench()
        bench.tick()
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        bench.obey()
        return bench
    }

    @Test func r16_anActionInfluencesNothingBeforeItIsDurable() {
        var bench = contacted()
        let before = bench.target
        bench.push(.charge, commits: false)
        bench.wait(.seconds(1))
        bench.tick(commits: false)
        bench.poll(.b1, setpoint: .zero)
        #expect(bench.target?.limit == .zero)
        #expect(bench.target?.revision == before?.revision)
        #expect(bench.accepted.isEmpty)
        bench.endCommits()
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.accepted.count == 1)
        // The target goes before the answer.
        let order = bench.effects.map { effect -> Character in
            switch effect {
            case .setTarget(let target?) where target.limit > .zero: "t"
            case .accept: "a"
            default: "-"
            }
        }.filter { $0 != "-" }
        #expect(String(order).hasPrefix("ta"))
    }

    @Test(arguments: [
        (StoreError.full, RequestRefusal.storeFull),
        (.unavailable(reason: "EIO"), .storeUnavailable(retryAfter: .seconds(5))),
        (.corrupt(reason: "torn"), .storeUnavailable(retryAfter: .seconds(5))),
    ])
    func r18_aFailedCommitIsAsIfTheActionHadNeverCome(error: StoreError, refusal: RequestRefusal) {
        var bench = contacted()
        let view = bench.engine.view
        bench.push(.charge, commits: false)
        bench.failCommits(with: error)
        #expect(bench.refusals == [refusal])
        #expect(bench.engine.view == view)
        #expect(bench.accepted.isEmpty && bench.ends.isEmpty)
        // And the next one is taken.
        bench.push(.charge)
        #expect(bench.accepted.count == 1)
    }

    @Test func r18_aFailedCommitOfAnIdleLeavesTheChargeInFlight() {
        var bench = contacted()
        bench.push(.charge)
        bench.push(.idle, commits: false)
        #expect(bench.target?.limit == .amperes(16))
        bench.failCommits(with: .full)
        #expect(bench.target?.limit == .amperes(16))
        bench.obey(.b2)
        #expect(bench.ends.map(\.state) == [.completed])
    }

    @Test func idleSupersedesAChargeInFlightAtomically() {
        var bench = contacted()
        bench.push(.charge)
        bench.push(.idle, commits: false)
        #expect(bench.open[0].change.actions.map(\.command) == [.charge, .idle])
        #expect(bench.open[0].change.actions[0].failureCode == .superseded)
        bench.endCommits()
        #expect(bench.target?.limit == .zero)
        #expect(bench.ends.map(\.failureCode) == [.superseded])
        bench.obey(.b1)
        #expect(bench.ends.map(\.command) == [.charge, .idle])
        #expect(bench.durableIntent == .some(.idle))
    }

    @Test func everyOtherPushWhileOneIsInFlightIs409() {
        var bench = contacted()
        bench.push(.charge)
        bench.push(.charge)
        bench.push(.charge, onConflict: .cancelAndReplace)
        let open = [Action.ID("action_1")]
        #expect(
            bench.refusals == [
                .conflict(
                    reason: .noStrategySupplied, actions: open, strategies: [.cancelAndReplace]),
                .conflict(reason: .actionInFlight, actions: open, strategies: nil),
            ])
        #expect(bench.persisted.count == 1)
    }

    @Test func r11_theTwentyFirstStartInAnHourIsRefusedAndAStopIsNot() {
        var bench = contacted()
        for _ in 0..<20 {
            bench.push(.charge)
            bench.obey(.b2)
        }
        bench.push(.charge)
        guard case .tooManyStarts(let wait)? = bench.refusals.last else {
            Issue.record("\(bench.refusals)")
            return
        }
        #expect(wait > .seconds(3_500))
        bench.push(.idle)
        bench.obey(.b1)
        #expect(bench.ends.count == 21)
    }

    // MARK: - Ends that could not be written down

    @Test func r16_anEndThatCouldNotBeCommittedIsRepeatedUntilItIs() {
        var bench = contacted()
        bench.push(.charge)
        bench.wait(.milliseconds(100))
        bench.poll(
            .b2,
            application: .verified(
                revision: bench.target?.revision ?? 0, offered: .amperes(16), at: bench.now),
            commits: false)
        for _ in 0..<3 {
            #expect(bench.open.map(\.change.actions.count) == [1])
            bench.failCommits(with: .full)
            bench.wait(.seconds(1))
            bench.tick(commits: false)
        }
        #expect(bench.ends.isEmpty)
        #expect(bench.engine.lastAction?.state == .acknowledged)
        bench.endCommits()
        #expect(bench.ends.map(\.state) == [.completed])
        #expect(bench.engine.lastAction?.state == .completed)
        bench.tick()
        #expect(bench.ends.count == 1)
    }

    /// The older intent must not be committed after the newer one.
    @Test func r16_anOlderIntentNeverOvertakesANewerOne() {
        var bench = contacted()
        bench.push(.charge)
        bench.wait(.milliseconds(100))
        bench.poll(
            .b2,
            application: .verified(
                revision: bench.target?.revision ?? 0, offered: .amperes(16), at: bench.now),
            commits: false)
        bench.failCommits(with: .full)
        // The disk has room again: the idle carries the end of the charge with it.
        bench.push(.idle)
        #expect(bench.ends.map(\.command) == [.charge])
        bench.obey(.b1)
        bench.wait(.seconds(1))
        bench.tick()
        bench.tick()
        #expect(bench.durableIntent == .some(.idle))
        #expect(bench.ends.count == 2)
        #expect(bench.engine.lastAction?.command == .idle)
    }
}
