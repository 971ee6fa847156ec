import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// The randomised delay at work: what it delays, and what it does not.
@Suite("R45: delayed starts")
struct R45DelayedStartTests {
    private static let longest = Duration.seconds(600)
    /// 2026-06-01, a Monday, 12:00 in Berlin.
    private static let noon = TimePoint(
        monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000),
        wall: TestZones.berlin.instant(
            of: CivilDateTime(year: 2026, month: 6, day: 1, secondOfDay: 43_200)))
    private static let eleven = noon.advanced(by: .seconds(11 * 3_600))

    /// From 23:00 to 5:00 every night.
    private static func schedule(
        _ slots: [(start: Int, minutes: Int)] = [(23 * 60, 360)], at time: TimePoint = noon
    ) -> RecurringSchedule {
        RecurringSchedule(
            id: "sched_1", charger: ControlBench.charger, timezone: "Europe/Berlin",
            recurrence: .daily,
            slots: slots.map {
                ScheduleSlot(
                    startMinute: $0.start, durationMinutes: $0.minutes, command: .charge)
            }, updatedAt: time.wall)
    }

    private func bench(
        _ schedule: RecurringSchedule? = nil, drawn: [Int] = [], restored: SlotDelayChange? = nil,
        intent: ChargeIntent? = nil, until: WallInstant? = nil, longest: Duration = longest,
        at start: TimePoint = noon
    ) -> ControlBench {
        var bench = ControlBench(
            restored: RestoredCharger(
                charger: ControlBench.charger, intent: intent, intentUntil: until,
                schedule: schedule, slotDelay: restored),
            startDelay: longest, at: start)
        bench.drawn = drawn.map { .seconds($0) }
        bench.poll(.b2, setpoint: .zero)
        bench.tick()
        return bench
    }

    /// Lets time pass second by second.
    ///
    /// - Returns: The seconds in which the target was not zero.
    private func charging(_ bench: inout ControlBench, seconds: Range<Int>) -> [Int] {
        seconds.filter { _ in
            bench.tick()
            defer { bench.wait(.seconds(1)) }
            return bench.target?.limit == .amperes(16)
        }
    }

    // MARK: - Slots of the schedule

    @Test("R45: a slot begins after its delay, which is drawn once and durable, and ends on time")
    func r45_aSlotBeginsAfterItsDelay() {
        var bench = bench(Self.schedule(), drawn: [90, 0, 600])
        for delay in [90, 0, 600] {
            bench.now = Self.advancing(bench, to: 23)
            let seconds = charging(&bench, seconds: -5..<6 * 3_600 + 5)
            #expect(seconds.first == delay && seconds.last == 6 * 3_600 - 1)
            #expect(seconds.count == 6 * 3_600 - delay)
        }
        let drawn = bench.effects.count { if case .drawDelay = $0 { true } else { false } }
        #expect(drawn == 3, "one draw for each change")
        let kept = bench.persisted.compactMap(\.slotDelay).map(\.delay)
        #expect(kept == [.seconds(90), .zero, .seconds(600)])
    }

    /// Five seconds before the next hour of this number.
    private static func advancing(_ bench: ControlBench, to hour: Int) -> TimePoint {
        let civil = TestZones.berlin.civil(at: bench.now.wall)
        let seconds = (hour * 3_600 - civil.secondOfDay - 5 + 86_400) % 86_400
        return bench.now.advanced(by: .seconds(seconds))
    }

    @Test func whatItWaitsForIsShown() {
        var bench = bench(Self.schedule(), drawn: [90])
        bench.wait(.seconds(11 * 3_600))
        bench.tick()
        let begins = Self.eleven.wall.advanced(by: .seconds(90))
        #expect(bench.engine.decision.winner == .schedule)
        #expect(bench.engine.decision.reason.contains("begins at \(begins.timestamp)"))
        var shown = bench.engine.view.currentSchedule
        #expect(shown?.state == .pending)
        #expect(shown?.start == Self.eleven.wall)
        #expect(shown?.nextFireAt == begins)
        #expect(shown?.startDelay == .seconds(90))
        bench.wait(.seconds(90))
        bench.tick()
        shown = bench.engine.view.currentSchedule
        #expect(shown?.state == .active)
        #expect(shown?.startDelay == .seconds(90))
        bench.wait(.seconds(6 * 3_600))
        bench.tick()
        #expect(bench.engine.view.currentSchedule?.startDelay == nil)
    }

    @Test("R45: a restart neither draws again nor forgets", arguments: [0, 30, 89, 90, 4_000])
    func r45_aDelaySurvivesARestart(after seconds: Int) {
        let delay = SlotDelayChange(
            charger: ControlBench.charger, start: Self.eleven.wall, delay: .seconds(90))
        var bench = bench(
            Self.schedule(), drawn: [1], restored: delay,
            at: Self.eleven.advanced(by: .seconds(seconds)))
        let charged = charging(&bench, seconds: seconds..<5_000)
        #expect(charged.first == max(90, seconds) && charged.count == 5_000 - max(90, seconds))
        #expect(bench.drawn.count == 1)
    }

    @Test func aDelayOfAnotherSlotCountsForNothing() {
        let delay = SlotDelayChange(
            charger: ControlBench.charger, start: Self.noon.wall, delay: .seconds(500))
        var bench = bench(
            Self.schedule(), drawn: [60], restored: delay, at: Self.eleven)
        #expect(charging(&bench, seconds: 0..<100) == Array(60..<100))
    }

    @Test("R45: what is pushed to begin at once does, and holds to the end of the slot")
    func r45_aPushOverridesTheDelay() {
        var bench = bench(Self.schedule(), drawn: [300])
        bench.wait(.seconds(11 * 3_600 + 60))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        bench.push(.charge)
        bench.obey(.c2)
        #expect(bench.target?.limit == .amperes(16))
        bench.now = Self.eleven.advanced(by: .seconds(6 * 3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    @Test("R45: what charges already does not stop for a delay")
    func r45_aChargeGoesOnIntoItsSlot() {
        var bench = bench(
            Self.schedule(), drawn: [300], intent: .charge, until: Self.eleven.wall)
        bench.obey(.c2)
        bench.now = Self.advancing(bench, to: 23)
        #expect(charging(&bench, seconds: -5..<1_000).count == 1_005)
        // Nor after a restart.
        let kept = bench.persisted.compactMap(\.slotDelay).last
        #expect(kept?.start == Self.eleven.wall && kept?.delay == .zero)
    }

    @Test func slotsThatTouchAreOneCharge() {
        var bench = bench(
            Self.schedule([(22 * 60, 60), (23 * 60, 360)]), drawn: [10, 300])
        bench.now = Self.advancing(bench, to: 22)
        let charged = charging(&bench, seconds: -5..<4_000)
        #expect(charged.first == 10 && charged.count == 3_990)
        #expect(bench.drawn.count == 1)
    }

    @Test func aScheduleThatIsSetInsideItsSlotIsInForceAtOnce() {
        var bench = bench(drawn: [300], at: Self.eleven.advanced(by: .seconds(60)))
        bench.schedule(Self.schedule(at: bench.now))
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.drawn.count == 1)
    }

    @Test func aShortSlotLosesNoMoreThanHalfOfItself() {
        var bench = bench(Self.schedule([(23 * 60, 4)]), at: Self.eleven)
        bench.tick()
        let longest = bench.effects.compactMap { effect -> Duration? in
            if case .drawDelay(let longest, _) = effect { longest } else { nil }
        }
        #expect(longest == [.seconds(120)])
    }

    @Test("R45: off by default: nothing is drawn, and nothing waits")
    func r45_offByDefault() {
        var bench = bench(Self.schedule(), drawn: [300], longest: .zero, at: Self.eleven)
        #expect(bench.target?.limit == .amperes(16))
        bench.push(.charge, ActionTiming(start: bench.now.wall.advanced(by: .seconds(60))))
        #expect(bench.accepted.last?.startDelay == nil)
        #expect(bench.drawn.count == 1)
        #expect(bench.persisted.allSatisfy { $0.slotDelay == nil })
    }

    @Test func r45_aDelayThatCannotBeStoredIsStoredLater() {
        var bench = bench(Self.schedule(), drawn: [90])
        bench.wait(.seconds(11 * 3_600))
        bench.tick(commits: false)
        bench.failCommits(with: .full)
        bench.tick()
        #expect(bench.persisted.last?.slotDelay?.delay == .seconds(90))
        let count = bench.persisted.count
        bench.tick()
        #expect(bench.persisted.count == count)
    }

    @Test func r21_aStepOfTheClockDoesNotDrawAgain() {
        var bench = bench(Self.schedule(), drawn: [90, 1])
        bench.wait(.seconds(11 * 3_600))
        bench.tick()
        bench.now.wall = bench.now.wall.advanced(by: .seconds(-3_600))
        bench.tick()
        bench.wait(.seconds(3_600))
        #expect(charging(&bench, seconds: 0..<200) == Array(90..<200))
        #expect(bench.drawn.count == 1)
    }

    /// Else a restart would forget what nobody has written down with the new schedule (found by simulation:
    /// a clock that steps back opens the slot once more).
    @Test func r45_aScheduleThatIsSetAnewForgetsWhatWasDrawn() {
        var bench = bench(Self.schedule(), drawn: [90, 7])
        bench.wait(.seconds(11 * 3_600))
        bench.tick()
        bench.now.wall = bench.now.wall.advanced(by: .seconds(-3_600))
        bench.tick()
        bench.schedule(Self.schedule(at: bench.now))
        bench.wait(.seconds(3_600))
        #expect(charging(&bench, seconds: 0..<200) == Array(7..<200))
        let kept = bench.persisted.compactMap(\.slotDelay).map(\.delay)
        #expect(kept == [.seconds(90), .seconds(7)])
    }

    // MARK: - Actions

    @Test("R45: a scheduled charge begins after its delay", arguments: [false, true])
    func r45_aScheduledChargeBeginsAfterItsDelay(isRelative: Bool) {
        var bench = bench(drawn: [45])
        let start = bench.now.wall.advanced(by: .seconds(60))
        bench.push(.charge, ActionTiming(start: start, isRelative: isRelative))
        let accepted = bench.accepted.last
        #expect(accepted?.startDelay == .seconds(45))
        #expect(accepted?.start == start, "as it was asked for")
        #expect(bench.persisted.last?.actions.last?.startDelay == .seconds(45), "durable with it")
        #expect(bench.engine.view.currentSchedule?.startDelay == .seconds(45))
        #expect(
            bench.engine.view.currentSchedule?.nextFireAt == start.advanced(by: .seconds(45)))
        #expect(charging(&bench, seconds: 0..<110) == Array(105..<110))
        bench.obey(.c2)
        #expect(bench.ends.last?.state == .completed)
        #expect(bench.ends.last?.message == nil, "it is not late")
    }

    @Test func r45_aScheduledStartSurvivesARestartWithItsDelay() throws {
        var before = bench(drawn: [45])
        let start = before.now.wall.advanced(by: .seconds(60))
        before.push(.charge, ActionTiming(start: start))
        let action = try #require(before.accepted.last)
        var after = ControlBench(
            restored: RestoredCharger(
                charger: ControlBench.charger, openAction: action, lastAction: action),
            startDelay: Self.longest, at: before.now.advanced(by: .seconds(20)))
        after.poll(.b2, setpoint: .zero)
        #expect(charging(&after, seconds: 20..<110) == Array(105..<110))
    }

    @Test func aWindowLosesNoMoreThanHalfAndEndsOnTime() {
        var bench = bench(drawn: [60])
        let start = bench.now.wall.advanced(by: .seconds(10))
        let request = ActionRequest(
            charger: ControlBench.charger, command: .charge,
            timing: ActionTiming(start: start, end: start.advanced(by: .seconds(120))))
        #expect(bench.engine.longestDelay(of: request) == .seconds(60))
        bench.push(.charge, request.timing)
        var seconds: [Int] = []
        for second in 0..<200 {
            bench.tick()
            if bench.target?.limit == .amperes(16) { seconds.append(second) }
            if second == 75 { bench.obey(.c2) }
            bench.wait(.seconds(1) - (second == 75 ? .milliseconds(100) : .zero))
        }
        #expect(seconds == Array(70..<130))
    }

    @Test func stopsAndWhatBeginsAtOnceAreNotDelayed() {
        let bench = bench()
        let timing = ActionTiming(start: bench.now.wall.advanced(by: .seconds(10)))
        for (command, timing) in [
            (ChargeCommand.idle, timing), (.idle, nil), (.charge, nil),
        ] as [(ChargeCommand, ActionTiming?)] {
            let request = ActionRequest(
                charger: ControlBench.charger, command: command, timing: timing)
            #expect(bench.engine.longestDelay(of: request) == .zero)
        }
    }

    @Test func r45_aPushInPlaceOfADelayedStartBeginsAtOnce() {
        var bench = bench(drawn: [300])
        bench.push(.charge, ActionTiming(start: bench.now.wall.advanced(by: .seconds(10))))
        bench.wait(.seconds(20))
        bench.tick()
        #expect(bench.target?.limit != .amperes(16))
        bench.push(.charge, onConflict: .cancelAndReplace)
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.ends.map(\.state) == [.cancelled])
    }
}
