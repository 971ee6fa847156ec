import ChargeControl
import ChargeModel
import Testing

@Suite struct OutcomeTests {
    private func contacted(
        _ pilot: PilotState = .b1, setpoint: Milliamperes = .zero
    ) -> ControlBench {
        var bench = ControlBench()
        bench.tick()
        bench.wait(.seconds(1))
        bench.poll(pilot, setpoint: setpoint)
        bench.obey()
        return bench
    }

    @Test func aChargeCompletesWhenItIsVerifiedAndBecomesTheIntent() {
        var bench = contacted()
        bench.push(.charge)
        let revision = bench.target?.revision ?? 0
        bench.poll(application: .written(revision: revision, at: bench.now))
        #expect(bench.ends.isEmpty)
        bench.obey(.c2)
        #expect(bench.ends.map(\.state) == [.completed])
        #expect(bench.ends.first?.message == nil)
        #expect(bench.durableIntent == .some(.charge))
    }

    @Test func whatIsVerifiedOfAnEarlierRevisionCompletesNothing() {
        var bench = contacted()
        let old = bench.target?.revision ?? 0
        bench.push(.charge)
        bench.poll(application: .verified(revision: old, offered: .zero, at: bench.now))
        #expect(bench.ends.isEmpty)
    }

    /// Since the last poll somebody may have switched it on: "completed" says what is read from now on.
    @Test func aStopOfWhatStandsStillCompletesByAReadingAfterIt() {
        var bench = contacted()
        bench.push(.idle)
        bench.obey()
        #expect(bench.ends.count == 1)
        let seen = bench.target?.revision
        bench.push(.idle)
        #expect(bench.target?.revision != seen)
        bench.tick()
        #expect(bench.ends.count == 1)
        bench.obey()
        #expect(bench.ends.map(\.state) == [.completed, .completed])
    }

    @Test func aClampCompletesAndSaysSo() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.c2, offered: .amperes(10))
        #expect(bench.ends.first?.message == "the wallbox offers 10 A of 16 A")
    }

    @Test func aChargeThatReachesNoWireWithin5SecondsIsOffline() {
        var bench = contacted()
        bench.lose()
        bench.push(.charge)
        bench.wait(.milliseconds(4_900))
        bench.tick()
        #expect(bench.ends.isEmpty)
        bench.wait(.milliseconds(200))
        bench.tick()
        #expect(bench.ends.map(\.failureCode) == [.deviceOffline])
        // Nothing of it is left to be written when the wallbox comes back.
        #expect(bench.target?.limit == .zero)
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        #expect(bench.target?.limit == .zero)
    }

    @Test func aHeldIncreaseIsNoLatenessOfTheWallbox() {
        var bench = contacted()
        bench.push(.charge)
        let revision = bench.target?.revision ?? 0
        let until = bench.now.monotonic.advanced(by: .seconds(5))
        bench.poll(application: .held(revision: revision, until: until))
        bench.wait(.seconds(7))
        bench.poll(application: .pending(revision: revision))
        #expect(bench.ends.isEmpty)
        bench.obey(.b2)
        #expect(bench.ends.map(\.state) == [.completed])
    }

    @Test func afterAFailedChargeTheEarlierIntentStands() {
        var bench = contacted()
        bench.push(.idle)
        bench.obey()
        bench.push(.charge)
        #expect(bench.target?.limit == .amperes(16))
        let revision = bench.target?.revision ?? 0
        bench.poll(application: .refused(revision: revision, reason: "exception 3"))
        #expect(bench.ends.last?.failureCode == .deviceRefused)
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .some(.idle))
    }

    @Test func aChargeThatIsNotShownInTimeIsNotApplied() {
        var bench = contacted()
        bench.push(.charge)
        let revision = bench.target?.revision ?? 0
        bench.poll(application: .written(revision: revision, at: bench.now))
        bench.wait(.seconds(30))
        bench.poll(.b1, application: .contradicted(revision: revision, found: .amperes(20)))
        #expect(bench.ends.last?.failureCode == .notApplied)
        #expect(bench.target?.limit == .zero)
    }

    @Test func aFaultedWallboxIsNamed() {
        var bench = contacted()
        bench.push(.charge)
        let revision = bench.target?.revision ?? 0
        bench.poll(.e, application: .written(revision: revision, at: bench.now))
        bench.wait(.seconds(30))
        bench.poll(.e)
        #expect(bench.ends.last?.failureCode == .deviceFaulted)
    }

    @Test func afterAFailedIdleNothingIsRaisedAndTheNextFreshReadingIsAdopted() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.c2)
        bench.lose()
        bench.push(.idle)
        #expect(bench.target?.limit == .zero)
        bench.wait(.seconds(30))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .deviceOffline)
        #expect(bench.target == nil)
        #expect(bench.durableIntent == .some(.adopted(.amperes(16))), "no more than it could be")
        // A reading from before does not count.
        let stale = bench.snapshot
        bench.wait(.seconds(1))
        bench.take(bench.engine.snapshotTaken(stale, at: bench.now))
        #expect(bench.target == nil)
        // What is found is kept, and never raised; here the idle was applied after all.
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        #expect(bench.target?.limit == .zero)
        #expect(bench.target?.allowsIncrease == false)
    }

    @Test func aPushAfterARefusalIsJudgedByItsOwnAttempt() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.c2)
        let revision = bench.target?.revision ?? 0
        bench.wait(.seconds(10))
        bench.poll(application: .refused(revision: revision, reason: "exception 4"))
        bench.push(.charge)
        #expect(bench.ends.count == 1)
        #expect((bench.target?.revision ?? 0) > revision)
        bench.obey(.c2)
        #expect(bench.ends.map(\.state) == [.completed, .completed])
    }

    @Test func idleWithNothingChargingCompletesAtOnce() {
        var bench = contacted(.a)
        bench.push(.idle)
        if bench.ends.isEmpty { bench.obey() }
        #expect(bench.ends.map(\.state) == [.completed])
    }

    @Test func r02_aRateBelow6APausesAndTheChargeCompletesSayingWhy() throws {
        var bench = contacted()
        bench.settings(Watts(1_000))
        bench.push(.charge)
        #expect(bench.target?.limit == .zero)
        bench.obey(.b1)
        let end = try #require(bench.ends.first)
        #expect(end.state == .completed)
        #expect(try #require(end.message).contains("held at 0 A"))
        #expect(try #require(end.message).contains("max_charge_rate"))
        #expect(bench.engine.view.status == .suspendedEVSE)
        // The cap goes: it charges without another push.
        bench.settings(Watts(3_680))
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test func settingsCountOnceTheyAreDurable() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.c2)
        bench.settings(Watts(2_000), commits: false)
        #expect(bench.target?.limit == .amperes(16))
        bench.failCommits(with: .full)
        #expect(bench.refusals == [.storeFull])
        #expect(bench.engine.view.maxChargeRate == nil)
        bench.settings(Watts(2_000))
        #expect(bench.target?.limit == Milliamperes(8_600))
    }

    // MARK: - Sandbox

    @Test func aSandboxFailureEndsAsAskedAndWritesNothing() {
        var bench = contacted()
        let target = bench.target
        let sandbox = SandboxOutcome(failure: .deviceOffline, delay: .seconds(2))
        bench.push(.charge, sandbox: sandbox)
        bench.wait(.milliseconds(1_900))
        bench.tick()
        #expect(bench.ends.isEmpty)
        bench.wait(.milliseconds(200))
        bench.tick()
        #expect(bench.ends.map(\.failureCode) == [.deviceOffline])
        #expect(bench.target?.revision == target?.revision)
    }

    @Test func aSandboxFailureOfAnIdleForgetsNothing() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.c2)
        bench.push(.idle, sandbox: SandboxOutcome(failure: .notApplied, delay: .zero))
        #expect(bench.ends.last?.failureCode == .notApplied)
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test func aSandboxSuccessIsOnlyLate() {
        var bench = contacted()
        bench.push(.charge, sandbox: SandboxOutcome(failure: nil, delay: .seconds(3)))
        bench.obey(.c2)
        #expect(bench.ends.isEmpty)
        bench.wait(.seconds(3))
        bench.obey(.c2)
        #expect(bench.ends.map(\.state) == [.completed])
    }

    @Test func aRealChargerIgnoresTheSandbox() {
        var bench = ControlBench(isSimulated: false)
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        bench.push(.charge, sandbox: SandboxOutcome(failure: .deviceRefused, delay: .zero))
        #expect(bench.ends.isEmpty)
        #expect(bench.target?.limit == .amperes(16))
    }

    // MARK: - The queue of effects

    @Test func r04_everyTickRenewsTheLeaseAndNotTheRevision() {
        var bench = contacted()
        let first = bench.target
        bench.wait(.seconds(5))
        bench.tick()
        #expect(bench.target?.revision == first?.revision)
        #expect(bench.target?.validUntil == bench.now.monotonic.advanced(by: .seconds(10)))
    }

    @Test func eachEventIsAnnouncedOnce() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.c2)
        let count = bench.effects.count
        for _ in 0..<5 {
            bench.wait(.milliseconds(500))
            bench.obey(.c2)
            bench.tick()
        }
        let announced = bench.effects[count...].filter {
            if case .announce = $0 { true } else { false }
        }
        #expect(announced.isEmpty)
        bench.poll { snapshot, _ in snapshot.conditions = [.competingController] }
        bench.poll { _, _ in }
        bench.poll { snapshot, _ in snapshot.conditions = [] }
        let faults = bench.effects.compactMap { effect -> Bool? in
            if case .announce(.fault(_, let isActive)) = effect { isActive } else { nil }
        }
        #expect(faults == [true, false])
    }
}
