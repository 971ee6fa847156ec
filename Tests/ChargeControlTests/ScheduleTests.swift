import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// The recurring schedule as a wish among others.
struct ScheduleTests {
    /// 2026-06-01, a Monday, 12:00 in Berlin.
    private static let noon = TimePoint(
        monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000),
        wall: TestZones.berlin.instant(
            of: CivilDateTime(year: 2026, month: 6, day: 1, secondOfDay: 43_200)))

    /// Every night from 23:00 to 5:00.
    private static let nightly = RecurringSchedule(
        id: "sched_1", charger: ControlBench.charger, timezone: "Europe/Berlin",
        recurrence: .daily,
        slots: [ScheduleSlot(startMinute: 23 * 60, durationMinutes: 360, command: .charge)],
        updatedAt: noon.wall)

    private func bench(
        restored: RestoredCharger? = nil, trusted: Bool = true, found: Milliamperes = .zero,
        hour: Int = 12
    ) -> ControlBench {
        var start = Self.noon.advanced(by: .seconds((hour - 12) * 3_600))
        start.isWallTrusted = trusted
        var bench = ControlBench(restored: restored, at: start)
        bench.poll(.b2, setpoint: found)
        return bench
    }

    private func restored(
        _ intent: ChargeIntent? = nil, until: WallInstant? = nil
    ) -> RestoredCharger {
        RestoredCharger(
            charger: ControlBench.charger, intent: intent, intentUntil: until,
            schedule: Self.nightly)
    }

    @Test func itChargesInItsSlotsAndIdlesBetweenThem() {
        var bench = bench()
        bench.push(.charge)
        bench.obey(.c2)
        bench.schedule(Self.nightly)
        #expect(bench.target?.limit == .zero, "in force at once, and over what was pushed before")
        #expect(bench.engine.view.currentSchedule?.state == .pending)
        for day in 0..<3 {
            bench.wait(.seconds(11 * 3_600 - 1))
            bench.tick()
            #expect(bench.target?.limit == .zero, "never early, day \(day)")
            bench.wait(.seconds(1))
            bench.tick()
            #expect(bench.target?.limit == .amperes(16), "day \(day)")
            #expect(bench.engine.view.currentSchedule?.state == .active)
            bench.wait(.seconds(6 * 3_600))
            bench.tick()
            #expect(bench.target?.limit == .zero, "day \(day)")
            bench.wait(.seconds(7 * 3_600))
        }
        #expect(bench.accepted.count == 1, "slots are no actions")
        #expect(bench.engine.lastAction?.id == Action.ID("action_1"))
    }

    @Test(arguments: ChargeCommand.allCases)
    func aPushOverridesItUntilTheNextEdge(command: ChargeCommand) {
        var bench = bench(restored: restored(), hour: command == .charge ? 12 : 24)
        bench.push(command)
        bench.obey()
        bench.tick()
        let wanted: Milliamperes = command == .charge ? .amperes(16) : .zero
        #expect(bench.target?.limit == wanted)
        bench.wait(.seconds((command == .charge ? 11 : 5) * 3_600 - 60))
        bench.tick()
        #expect(bench.target?.limit == wanted)
        bench.wait(.seconds(60))
        bench.tick()
        #expect(
            bench.engine.view.currentSchedule?.state == (command == .charge ? .active : .pending))
        bench.wait(.seconds(12 * 3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero, "the schedule has it again")
    }

    @Test func r21_anOverrideThatIsOverDoesNotComeBackWhenTheClockStepsBack() {
        var bench = bench(restored: restored())
        bench.push(.charge)
        bench.obey(.c2)
        bench.wait(.seconds(18 * 3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .some(nil), "nor after a restart")
        bench.now.wall = bench.now.wall.advanced(by: .seconds(-17 * 3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    @Test func anOverrideOutlivesARestartAndEndsAtItsEdge() {
        let edge = Self.noon.wall.advanced(by: .seconds(11 * 3_600))
        var bench = bench(restored: restored(.charge, until: edge))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.wait(.seconds(17 * 3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    @Test func itSurvivesUnpluggingAndARestart() {
        var bench = bench(restored: restored(), hour: 24)
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.poll(.a)
        bench.poll(.b2)
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test func removedItLeavesWhatItWantedLast() {
        for hour in [12, 24] {
            var bench = bench(restored: restored(), hour: hour)
            bench.schedule(nil)
            #expect(bench.durableIntent == .some(hour == 12 ? .idle : .charge))
            #expect(bench.engine.view.currentSchedule == nil)
            bench.wait(.seconds(40_000))
            bench.tick()
            #expect(bench.target?.limit == (hour == 12 ? .zero : .amperes(16)))
        }
    }

    @Test func whatCannotBeStoredIsNotInForce() {
        var bench = bench()
        bench.push(.charge)
        bench.obey(.c2)
        bench.schedule(Self.nightly, commits: false)
        #expect(bench.target?.limit == .amperes(16))
        bench.failCommits(with: .full)
        #expect(bench.refusals == [.storeFull])
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.engine.view.schedule == nil)
    }

    @Test(arguments: [12, 24])
    func r04_withoutATrustedClockItHoldsAtTheSafeCurrentAndRaisesNothing(hour: Int) {
        var bench = bench(restored: restored(), trusted: false, found: .amperes(16), hour: hour)
        bench.tick()
        #expect(bench.target?.limit == .amperes(6))
        #expect(bench.target?.allowsIncrease == false)
        bench.now.isWallTrusted = true
        bench.tick()
        #expect(bench.target?.limit == (hour == 12 ? .zero : .amperes(16)))
    }

    @Test func r04_aZoneThatNobodyKnowsHoldsAtTheSafeCurrent() {
        var schedule = Self.nightly
        schedule.timezone = "Mars/Olympus"
        var bench = bench(
            restored: RestoredCharger(charger: ControlBench.charger, schedule: schedule),
            found: .amperes(16))
        bench.tick()
        #expect(bench.target?.limit == .amperes(6))
        #expect(bench.target?.allowsIncrease == false)
        bench.push(.idle)
        #expect(bench.target?.limit == .zero, "a stop is carried out whatever cannot be read")
    }

    /// Its slot reaches past the next one's start: what is stored may be damaged.
    @Test func r04_aRestoredScheduleThatBreaksItsRulesHoldsAtTheSafeCurrent() {
        var schedule = Self.nightly
        schedule.slots.insert(
            ScheduleSlot(startMinute: 60, durationMinutes: 1, command: .charge), at: 0)
        var bench = bench(
            restored: RestoredCharger(charger: ControlBench.charger, schedule: schedule),
            found: .amperes(16))
        bench.tick()
        #expect(bench.target?.limit == .amperes(6))
        #expect(bench.target?.allowsIncrease == false)
    }

    @Test func r04_whatTheStoreCannotReadHoldsAtTheSafeCurrentUntilSomebodyAsks() {
        var lost = RestoredCharger(charger: ControlBench.charger)
        lost.unreadable = "the schedule cannot be read"
        var bench = bench(restored: lost, found: .amperes(16))
        bench.tick()
        #expect(bench.target?.limit == .amperes(6))
        #expect(bench.target?.allowsIncrease == false)
        #expect(bench.engine.decision.reason.contains("cannot be read"))
        bench.push(.charge)
        bench.obey(.c2)
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
    }

    @Test func immediateActionsNeedNoTrustedClock() {
        var bench = bench(restored: restored(), trusted: false)
        bench.push(.charge)
        bench.obey(.c2)
        bench.wait(.seconds(40_000))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.now.isWallTrusted = true
        bench.tick()
        bench.wait(.seconds(20 * 3_600))
        bench.tick()
        #expect(bench.target?.limit == .zero, "from the next edge on the schedule has it")
    }

    @Test func afterAFailedIdleNothingIsRaisedForTheSchedule() {
        var bench = bench(restored: restored(), hour: 24)
        bench.tick()
        bench.obey(.c2)
        bench.push(.idle)
        bench.wait(.seconds(30))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .notApplied)
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(8))
        bench.tick()
        #expect(bench.target?.limit == .amperes(8))
        #expect(bench.target?.allowsIncrease == false)
    }

    @Test func aNightOfAClockChangeIsOneNight() {
        // 2026-10-25: 3:00 becomes 2:00 in Berlin. The slot is as long as ever.
        var bench = bench(restored: restored())
        let saturday = TestZones.berlin.instant(
            of: CivilDateTime(year: 2026, month: 10, day: 24, secondOfDay: 23 * 3_600))
        bench.now.wall = saturday.advanced(by: .seconds(-1))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        var charged = 0
        for _ in 0..<(12 * 60) {
            bench.wait(.seconds(60))
            bench.tick()
            if bench.target?.limit == .amperes(16) { charged += 1 }
        }
        #expect(charged == 360)
    }
}
