import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing

/// What becomes of an attempt that the wallbox contradicts, or that another thing overtakes.
@Suite struct R08AttemptTests {
    typealias Goal = SetpointReconciler.Goal

    private let origin = MonotonicInstant(nanoseconds: 0)

    private func at(_ seconds: Int) -> TimePoint {
        TimePoint(
            monotonic: origin.advanced(by: .seconds(seconds)), wall: WallInstant(milliseconds: 0))
    }

    /// Told that the wallbox is off, with a charge at 16 A written and confirmed at 1 s.
    private func charged(_ device: String = "reference-22kw") throws -> SetpointReconciler {
        var reconciler = SetpointReconciler(
            control: try DriverBench.profile(device).control, timing: DriverTiming())
        poll(&reconciler, SetpointBelief(isOn: false, limit: .zero), at: 0)
        let command = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        #expect(command.kind == .charge)
        reconciler.began(command, at: at(1).monotonic)
        reconciler.confirmed(command, at: at(1))
        return reconciler
    }

    private let goal = Goal(limit: .amperes(16), allowsIncrease: true)

    private func poll(
        _ reconciler: inout SetpointReconciler, _ found: SetpointBelief, at seconds: Int,
        goal: Goal? = nil
    ) {
        reconciler.polled(
            found, goal: goal ?? self.goal, isDrawing: false, isWithinLimit: true, at: at(seconds))
    }

    /// However long it took: what the first poll shows may have been read before the write took effect.
    @Test func r08_aWriteIsJudgedAfterTwoPolls() throws {
        var reconciler = try charged()
        poll(&reconciler, SetpointBelief(isOn: true, limit: .amperes(20)), at: 60)
        #expect(reconciler.progress == .written(at: at(1)))
        poll(&reconciler, SetpointBelief(isOn: true, limit: .amperes(20)), at: 70)
        #expect(reconciler.progress == .contradicted(found: .amperes(20)))
    }

    @Test func r08_aChargeThatDoesNotSwitchOnIsTriedAgainSeldomAndIsNoFault() throws {
        var reconciler = try charged()
        for seconds in [60, 70] {
            poll(&reconciler, SetpointBelief(isOn: false, limit: .zero), at: seconds)
        }
        #expect(reconciler.progress == .contradicted(found: .zero))
        #expect(!reconciler.hasFault)
        #expect(reconciler.command(for: goal, at: at(71).monotonic) == nil)
        #expect(reconciler.command(for: goal, at: at(101).monotonic)?.kind == .charge)
        // Whoever asks anew is not kept waiting.
        reconciler.askedAgain()
        #expect(reconciler.progress == .pending)
        #expect(reconciler.command(for: goal, at: at(71).monotonic)?.kind == .charge)
    }

    @Test func r08_whatCannotBeReadIsContradictedByWhatIsBelieved() throws {
        var reconciler = try charged()
        for seconds in [60, 70] {
            reconciler.polled(
                SetpointBelief(), goal: goal, isDrawing: true, isWithinLimit: false,
                at: at(seconds))
        }
        #expect(reconciler.progress == .contradicted(found: .amperes(16)))
        // Nothing is known of it now: it counts as above.
        #expect(reconciler.command(for: goal, at: at(71).monotonic)?.isReduction == true)
    }

    @Test func r02_aLimitBelowTheMinimumIsAPauseWhateverTheSwitchSays() throws {
        let held = Goal(limit: .amperes(10), allowsIncrease: false)
        for (goal, progress) in [
            (held, SetpointReconciler.Progress.verified(offered: .zero, at: at(5))),
            (self.goal, .pending),
        ] {
            var reconciler = SetpointReconciler(
                control: try DriverBench.profile("keba-p30").control, timing: DriverTiming())
            poll(
                &reconciler, SetpointBelief(isOn: true, limit: Milliamperes(3_000)), at: 5,
                goal: goal)
            #expect(reconciler.progress == progress)
        }
    }

    @Test func whetherItIsOnMustBeKnownBeforeALimitCounts() throws {
        var reconciler = SetpointReconciler(
            control: try DriverBench.profile("keba-p30").control, timing: DriverTiming())
        poll(&reconciler, SetpointBelief(isOn: nil, limit: .amperes(16)), at: 5)
        #expect(reconciler.progress == .pending)
        poll(&reconciler, SetpointBelief(isOn: true, limit: .amperes(16)), at: 6)
        #expect(reconciler.progress == .verified(offered: .amperes(16), at: at(6)))
    }

    @Test func r08_foreignChangesAreRememberedInBounds() throws {
        var reconciler = try charged()
        for round in 1...20 {
            poll(&reconciler, SetpointBelief(isOn: true, limit: .amperes(16)), at: round * 20)
            poll(&reconciler, SetpointBelief(isOn: true, limit: .amperes(20)), at: round * 20 + 10)
        }
        #expect(reconciler.hasCompetitor(at: at(410).monotonic))
        #expect(!reconciler.hasCompetitor(at: at(1_500).monotonic))
    }

    /// The same power on fewer phases is a higher current, also of what is only on its way.
    @Test func r01_phasesThatChangeUnderACommandChangeWhatWasThere() throws {
        var reconciler = SetpointReconciler(
            control: try DriverBench.profile("reference-7kw").control, timing: DriverTiming())
        poll(&reconciler, SetpointBelief(isOn: true, limit: .amperes(6)), at: 0)
        let command = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        reconciler.began(command, at: at(1).monotonic)
        reconciler.phasesChanged { Milliamperes($0.rawValue * 3) }
        reconciler.refused(command, isUntouched: true, reason: "busy", at: at(2).monotonic)
        #expect(reconciler.belief.limit == .amperes(18))
    }
}
