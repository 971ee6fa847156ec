import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing

@Suite struct SetpointReconcilerTests {
    typealias Goal = SetpointReconciler.Goal
    typealias Command = SetpointReconciler.Command

    private let origin = MonotonicInstant(nanoseconds: 0)

    private func at(_ seconds: Double) -> TimePoint {
        TimePoint(
            monotonic: origin.advanced(by: .milliseconds(Int(seconds * 1000))),
            wall: WallInstant(milliseconds: 0))
    }

    private func reconciler(_ device: String = "reference-7kw") throws -> SetpointReconciler {
        SetpointReconciler(
            control: try DriverBench.profile(device).control, timing: DriverTiming())
    }

    /// The command for the goal goes out, and is confirmed at once.
    @discardableResult
    private func take(
        _ reconciler: inout SetpointReconciler, to goal: Goal, at seconds: Double
    ) throws -> Command {
        let command = try #require(reconciler.command(for: goal, at: at(seconds).monotonic))
        reconciler.began(command, at: at(seconds).monotonic)
        reconciler.confirmed(command, at: at(seconds))
        return command
    }

    @Test func whatIsAskedForAgainIsVerifiedByTheNextPoll() throws {
        var reconciler = try reconciler()
        let goal = Goal(limit: .zero, allowsIncrease: true)
        func poll(at seconds: Double) {
            reconciler.polled(
                SetpointBelief(isOn: false, limit: nil), goal: goal, isDrawing: false,
                isWithinLimit: true, at: at(seconds))
        }
        poll(at: 0)
        #expect(reconciler.progress == .verified(offered: .zero, at: at(0)))
        reconciler.askedAgain()
        #expect(reconciler.progress == .pending)
        poll(at: 1)
        #expect(reconciler.progress == .verified(offered: .zero, at: at(1)))
    }

    /// The cable goes with the vehicle, and then what was told is in force.
    @Test func whatACableHoldsDownIsToldAllTheSame() throws {
        var reconciler = try reconciler()
        func poll(showing limit: Int, of goal: Int, at seconds: Double) {
            reconciler.polled(
                SetpointBelief(isOn: true, limit: .amperes(limit)),
                goal: Goal(limit: .amperes(goal), allowsIncrease: true), isDrawing: true,
                isWithinLimit: true, at: at(seconds))
        }
        reconciler.polled(
            SetpointBelief(isOn: false, limit: nil), goal: nil, isDrawing: false,
            isWithinLimit: true, at: at(0))
        try take(&reconciler, to: Goal(limit: .amperes(12), allowsIncrease: true), at: 1)
        for second in 2...20 { poll(showing: 9, of: 12, at: Double(second)) }
        #expect(reconciler.progress == .verified(offered: .amperes(9), at: at(20)))
        reconciler.goalChanged()
        let goal = Goal(limit: .amperes(9), allowsIncrease: true)
        let command = try take(&reconciler, to: goal, at: 21)
        #expect(command.kind == .limit && command.limit == .amperes(9) && command.isReduction)
        poll(showing: 9, of: 9, at: 22)
        #expect(reconciler.command(for: goal, at: at(23).monotonic) == nil)
    }

    /// What may offer again by itself is told what it may offer then.
    @Test func whatACableHoldsDownIsToldBehindAPilotThatOffersNothing() throws {
        var reconciler = try reconciler("keba-p30")
        func poll(isOn: Bool, showing limit: Int, of goal: Goal, at seconds: Double) {
            reconciler.polled(
                SetpointBelief(isOn: isOn, limit: .amperes(limit)), goal: goal, isDrawing: isOn,
                isWithinLimit: true, at: at(seconds))
        }
        reconciler.polled(
            SetpointBelief(isOn: false, limit: nil), goal: nil, isDrawing: false,
            isWithinLimit: true, at: at(0))
        let first = Goal(limit: .amperes(12), allowsIncrease: true)
        try take(&reconciler, to: first, at: 1)
        for second in 2...20 { poll(isOn: true, showing: 9, of: first, at: Double(second)) }
        reconciler.goalChanged()
        let second = Goal(limit: .amperes(10), allowsIncrease: false)
        poll(isOn: false, showing: 9, of: second, at: 21)
        let command = try take(&reconciler, to: second, at: 22)
        #expect(command.kind == .limit && command.limit == .amperes(10) && command.isReduction)
        poll(isOn: false, showing: 9, of: second, at: 23)
        #expect(reconciler.command(for: second, at: at(24).monotonic) == nil)
    }

    struct Row: Sendable {
        var limit: Int
        var isOn: Bool?
        var found: Int?
        var mayRaise: Bool
        var kind: Command.Kind?
        var isReduction = false
    }

    /// The table at the head of `SetpointReconciler`.
    @Test(arguments: [
        Row(limit: 0, isOn: false, found: nil, mayRaise: true, kind: nil),
        Row(limit: 0, isOn: true, found: 16, mayRaise: true, kind: .idle, isReduction: true),
        Row(limit: 0, isOn: nil, found: nil, mayRaise: false, kind: .idle, isReduction: true),
        Row(limit: 10, isOn: false, found: nil, mayRaise: true, kind: .charge),
        Row(limit: 10, isOn: false, found: 16, mayRaise: false, kind: nil),
        Row(limit: 10, isOn: true, found: 16, mayRaise: true, kind: .limit, isReduction: true),
        Row(limit: 10, isOn: true, found: 16, mayRaise: false, kind: .limit, isReduction: true),
        Row(limit: 10, isOn: true, found: 6, mayRaise: true, kind: .limit),
        Row(limit: 10, isOn: true, found: 6, mayRaise: false, kind: nil),
        Row(limit: 10, isOn: true, found: 10, mayRaise: true, kind: nil),
        Row(limit: 10, isOn: nil, found: nil, mayRaise: true, kind: .limit, isReduction: true),
    ])
    func comparesLevels(row: Row) throws {
        var reconciler = try reconciler()
        let found = SetpointBelief(isOn: row.isOn, limit: row.found.map { .amperes($0) })
        reconciler.polled(found, goal: nil, isDrawing: false, isWithinLimit: true, at: at(0))
        let goal = Goal(limit: .amperes(row.limit), allowsIncrease: row.mayRaise)
        let command = reconciler.command(for: goal, at: at(0).monotonic)
        #expect(command?.kind == row.kind)
        #expect(command.map(\.isReduction) ?? false == row.isReduction)
    }

    @Test func r12_anUnknownLimitThatMayNotRiseIsSwitchedOffWhereALimitSwitchesOn() throws {
        let unknown = try reconciler()
        let goal = Goal(limit: .amperes(6), allowsIncrease: false)
        #expect(unknown.command(for: goal, at: at(0).monotonic)?.kind == .idle)
        // Where a switch of its own turns it on, the limit alone raises nothing.
        let keba = try reconciler("keba-p30")
        #expect(keba.command(for: goal, at: at(0).monotonic)?.kind == .limit)
        // Not where it is stopped by a limit of 0 A.
        let p40 = try reconciler("keba-p40")
        #expect(p40.command(for: goal, at: at(0).monotonic)?.kind == .idle)
    }

    /// It may start by itself as soon as somebody authorises it, at what it was told last.
    @Test func r09_whatStandsBehindAPilotThatOffersNothingIsLowered() throws {
        var keba = try reconciler("keba-p30")
        let goal = Goal(limit: .amperes(16), allowsIncrease: true)
        try take(&keba, to: goal, at: 0)
        keba.contactLost(at: at(1).monotonic)
        keba.polled(
            SetpointBelief(isOn: false), goal: goal, isDrawing: false, isWithinLimit: true,
            at: at(10))
        let less = Goal(limit: .amperes(10), allowsIncrease: false)
        let command = try #require(keba.command(for: less, at: at(10).monotonic))
        #expect(command.kind == .limit)
        #expect(command.limit == .amperes(10))
        #expect(command.isReduction)
    }

    @Test func r09_anIncreaseTellsWhenItMayGoAndNothingFromThenOn() throws {
        var reconciler = try reconciler()
        let first = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(6)), goal: first, isDrawing: false,
            isWithinLimit: true, at: at(0))
        try take(&reconciler, to: first, at: 0)
        let second = Goal(limit: .amperes(16), allowsIncrease: true)
        reconciler.goalChanged()
        #expect(reconciler.command(for: second, at: at(1).monotonic) == nil)
        #expect(reconciler.wake(for: second, at: at(1).monotonic) == at(5).monotonic)
        #expect(reconciler.command(for: second, at: at(5).monotonic)?.limit == .amperes(16))
        #expect(reconciler.wake(for: second, at: at(5).monotonic) == nil)
    }

    @Test func r12_anUnknownLimitThatMayNotRiseIsBroughtToTheMinimumWhereItIsOn() throws {
        let goal = Goal(limit: .amperes(10), allowsIncrease: false)
        for device in ["reference-7kw", "keba-p30", "keba-p40"] {
            var reconciler = try reconciler(device)
            reconciler.polled(
                SetpointBelief(isOn: true), goal: nil, isDrawing: true, isWithinLimit: true,
                at: at(0))
            let command = try #require(reconciler.command(for: goal, at: at(0).monotonic))
            #expect(command.kind == .limit, "\(device)")
            #expect(command.limit == .amperes(6), "\(device)")
        }
        // Also where nothing tells whether a switch of its own is on.
        let keba = try reconciler("keba-p30")
        #expect(keba.command(for: goal, at: at(0).monotonic)?.limit == .amperes(6))
    }

    /// A found limit of 16 A may be in force, or the 8 A of the failsafe.
    @Test func r12_whatMayHaveFallenBackIsHeldThereBeforeTheFailsafeEnds() throws {
        let found = SetpointBelief(isOn: true, limit: .amperes(16))
        for (fallback, kind) in [(8, Command.Kind.limit), (0, .idle), (16, nil)] {
            var reconciler = try reconciler()
            reconciler.fallenTo = .amperes(fallback)
            reconciler.polled(found, goal: nil, isDrawing: false, isWithinLimit: true, at: at(0))
            #expect(
                reconciler.mayBeat(for: nil, at: at(0).monotonic) == (kind == nil),
                "nobody wants it to rise yet")
            let held = Goal(limit: .amperes(16), allowsIncrease: false)
            #expect(reconciler.mayBeat(for: held, at: at(0).monotonic) == (kind == nil))
            let command = reconciler.command(for: held, at: at(0).monotonic)
            #expect(command?.kind == kind)
            guard let command else { continue }
            #expect(command.limit == .amperes(fallback))
            #expect(command.isReduction)
            reconciler.began(command, at: at(0).monotonic)
            reconciler.confirmed(command, at: at(0))
            #expect(reconciler.mayBeat(for: held, at: at(0).monotonic))
            #expect(reconciler.command(for: held, at: at(1).monotonic) == nil)
        }
    }

    @Test func r09_theEndOfAFailsafeCountsAsAnIncrease() throws {
        let goal = Goal(limit: .amperes(16), allowsIncrease: true)
        for (fallback, isCounted) in [(8, true), (10, false)] {
            var reconciler = try reconciler()
            reconciler.fallenTo = .amperes(fallback)
            reconciler.polled(
                SetpointBelief(isOn: true, limit: .amperes(10)), goal: goal, isDrawing: false,
                isWithinLimit: true, at: at(0))
            #expect(reconciler.mayBeat(for: goal, at: at(0).monotonic))
            #expect(
                !reconciler.mayBeat(
                    for: Goal(limit: .amperes(6), allowsIncrease: true), at: at(0).monotonic)
                    == isCounted)
            reconciler.beatBegan(at: at(0).monotonic)
            #expect((reconciler.command(for: goal, at: at(0.1).monotonic) == nil) == isCounted)
            reconciler.beatEnded(at: at(1).monotonic)
            #expect((reconciler.command(for: goal, at: at(5.9).monotonic) == nil) == isCounted)
            #expect(reconciler.command(for: goal, at: at(6).monotonic)?.limit == .amperes(16))
        }
    }

    @Test func r09_aSignOfLifeThatEndsAFailsafeWaitsLikeAnIncrease() throws {
        let goal = Goal(limit: .amperes(16), allowsIncrease: true)
        var reconciler = try reconciler()
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(10)), goal: goal, isDrawing: false,
            isWithinLimit: true, at: at(0))
        try take(&reconciler, to: goal, at: 0)
        #expect(reconciler.mayBeat(for: goal, at: at(1).monotonic), "it is in force")
        reconciler.fallenTo = .amperes(8)
        #expect(!reconciler.mayBeat(for: goal, at: at(4.9).monotonic))
        #expect(reconciler.mayBeat(for: goal, at: at(5).monotonic))
        reconciler.fallenTo = .amperes(16)
        #expect(reconciler.mayBeat(for: goal, at: at(1).monotonic), "it raises nothing")
    }

    /// A limit that does not end the failsafe has raised nothing yet.
    @Test func r09_aSignOfLifeFollowsTheLimitThatItBringsIntoForce() throws {
        let goal = Goal(limit: .amperes(16), allowsIncrease: true)
        var reconciler = try reconciler()
        reconciler.fallenTo = .amperes(6)
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(10)), goal: goal, isDrawing: false,
            isWithinLimit: true, at: at(0))
        let raise = try #require(reconciler.command(for: goal, at: at(0).monotonic))
        reconciler.began(raise, at: at(0).monotonic)
        reconciler.stepConfirmed(at: at(0).monotonic)
        reconciler.confirmed(raise, at: at(0))
        #expect(reconciler.mayBeat(for: goal, at: at(0.1).monotonic))
    }

    /// A pilot that offers nothing does not tell why: it may wait for an authorisation.
    @Test func r09_whatOffersNothingIsToldLessAllTheSame() throws {
        var keba = try reconciler("keba-p30")
        let first = Goal(limit: .amperes(10), allowsIncrease: true)
        keba.polled(
            SetpointBelief(isOn: false), goal: first, isDrawing: false, isWithinLimit: true,
            at: at(0))
        try take(&keba, to: first, at: 0)
        for second in 1...15 {
            keba.polled(
                SetpointBelief(isOn: false), goal: first, isDrawing: false, isWithinLimit: true,
                at: at(Double(second)))
        }
        for mayRaise in [false, true] {
            let less = Goal(limit: .amperes(7), allowsIncrease: mayRaise)
            let command = try #require(keba.command(for: less, at: at(16).monotonic))
            #expect(command.kind == .limit)
            #expect(command.limit == .amperes(7))
            #expect(command.isReduction)
        }
        let same = Goal(limit: .amperes(10), allowsIncrease: false)
        #expect(keba.command(for: same, at: at(16).monotonic) == nil)
    }

    @Test func r09_anUnknownLimitIsBroughtToWhatWasLastSentWhileAnIncreaseIsHeld() throws {
        var reconciler = try reconciler()
        let low = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(6)), goal: low, isDrawing: false,
            isWithinLimit: true, at: at(0))
        let raise = try #require(reconciler.command(for: low, at: at(1).monotonic))
        reconciler.began(raise, at: at(1).monotonic)
        reconciler.contactLost(at: at(2).monotonic)

        let high = Goal(limit: .amperes(16), allowsIncrease: true)
        let careful = try #require(reconciler.command(for: high, at: at(3).monotonic))
        #expect(careful.limit == .amperes(10))
        #expect(careful.isProvisional)
        let free = try #require(reconciler.command(for: high, at: at(7.1).monotonic))
        #expect(free.limit == .amperes(16))
    }

    @Test func r09_increasesStayFiveSecondsApartAndStopsNeverWait() throws {
        var reconciler = try reconciler()
        let goal = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: false), goal: goal, isDrawing: false, isWithinLimit: true,
            at: at(0))
        try take(&reconciler, to: goal, at: 1)
        let more = Goal(limit: .amperes(16), allowsIncrease: true)
        #expect(reconciler.command(for: more, at: at(5.9).monotonic) == nil)
        #expect(reconciler.wake(for: more, at: at(5.9).monotonic) == at(6).monotonic)
        #expect(reconciler.command(for: more, at: at(6).monotonic)?.limit == .amperes(16))
        let stop = Goal(limit: .zero, allowsIncrease: true)
        #expect(reconciler.command(for: stop, at: at(1.1).monotonic)?.kind == .idle)
    }

    @Test func r09_aCommandGivenUpHalfWayLeavesNothingBelieved() throws {
        var reconciler = try reconciler("keba-p30")
        let goal = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: false), goal: goal, isDrawing: false, isWithinLimit: true,
            at: at(0))
        let charge = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        reconciler.began(charge, at: at(1).monotonic)
        reconciler.goalChanged()
        let stop = Goal(limit: .zero, allowsIncrease: true)
        #expect(reconciler.command(for: stop, at: at(1).monotonic)?.kind == .idle)
    }

    @Test func r08_aRefusedIncreaseDoesNotHoldUpAReduction() throws {
        var reconciler = try reconciler()
        let goal = Goal(limit: .amperes(16), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(10)), goal: goal, isDrawing: false,
            isWithinLimit: true, at: at(0))
        let raise = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        reconciler.began(raise, at: at(1).monotonic)
        reconciler.refused(raise, isUntouched: true, reason: "busy", at: at(1).monotonic)
        #expect(reconciler.command(for: goal, at: at(2).monotonic) == nil)
        let less = Goal(limit: .amperes(6), allowsIncrease: false)
        #expect(reconciler.command(for: less, at: at(2).monotonic)?.limit == .amperes(6))
        #expect(reconciler.command(for: goal, at: at(31).monotonic) != nil)
    }
}
