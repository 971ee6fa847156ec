import ChargeControl
import ChargeModel
import Testing

/// What counts from an edge of the schedule on is the same whenever the agent looks, before a restart
/// and after it.
struct R19EdgeTests {
    /// Slots of two minutes that begin and end 5, 7, 10 and 12 minutes after ``ControlBench/start``.
    private static let schedule: RecurringSchedule = {
        let minute = Int(ControlBench.start.wall.milliseconds / 60_000 % 1_440)
        return RecurringSchedule(
            id: "sched_1", charger: ControlBench.charger, timezone: "UTC", recurrence: .daily,
            slots: [5, 10].map {
                ScheduleSlot(startMinute: minute + $0, durationMinutes: 2, command: .charge)
            }, updatedAt: ControlBench.start.wall)
    }()

    private static func edge(_ minute: Int) -> WallInstant {
        let start = ControlBench.start.wall.milliseconds / 60_000
        return WallInstant(milliseconds: (start + Int64(minute)) * 60_000)
    }

    private func restored(
        _ intent: ChargeIntent? = nil, until: WallInstant? = nil, window: WallInstant? = nil
    ) -> RestoredCharger {
        var opener = Action(
            id: Action.ID("action_0"), charger: ControlBench.charger, command: .charge,
            state: .completed, createdAt: ControlBench.start.wall)
        opener.start = opener.createdAt
        opener.end = window
        return RestoredCharger(
            charger: ControlBench.charger, intent: intent, intentUntil: until,
            openWindow: window == nil ? nil : opener, schedule: Self.schedule)
    }

    /// At a wall time between the edges, where it was last looked at before.
    private func bench(
        _ restored: RestoredCharger, at instant: WallInstant, found: Milliamperes = .zero
    ) -> ControlBench {
        var bench = ControlBench(
            restored: restored,
            at: ControlBench.start.advanced(by: ControlBench.start.wall.duration(to: instant)))
        bench.wait(.milliseconds(100))
        bench.poll(.b2, setpoint: found)
        return bench
    }

    @Test func aStopThatIsVerifiedAsASlotOpensHoldsForThatSlot() {
        var bench = bench(restored(), at: Self.edge(4))
        bench.wait(.milliseconds(59_500))
        bench.push(.idle)
        bench.wait(.milliseconds(700))
        // The slot has opened, and nobody has looked since.
        bench.obey(.b1)
        #expect(bench.ends.last?.state == .completed)
        #expect(bench.target?.limit == .zero)
        bench.wait(.seconds(60))
        bench.tick()
        #expect(bench.target?.limit == .zero)
        #expect(bench.persisted.compactMap(\.intent).last?.until == Self.edge(7))
    }

    @Test(arguments: [false, true])
    func aWindowThatEndsAsASlotOpensGivesWayToIt(isLookedAtBefore: Bool) {
        var bench = bench(restored(.charge, window: Self.edge(5)), at: Self.edge(4))
        #expect(bench.target?.limit == .amperes(16))
        bench.wait(.seconds(60))
        if isLookedAtBefore { bench.poll(.c2, setpoint: .amperes(16)) }
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.engine.decision.reason.contains("slot"))
        #expect(bench.durableIntent == .some(nil))
    }

    /// A window that ended after 6 minutes leaves it idle for the rest of that slot, and no longer,
    /// whether or not the agent ran then.
    @Test(arguments: [6, 8, 11])
    func aWindowThatEndedWhileItWasDownLeavesWhatItWouldHaveLeft(minute: Int) {
        let start = Self.edge(minute).advanced(by: .seconds(30))
        var bench = bench(restored(.charge, window: Self.edge(6)), at: start)
        bench.tick()
        #expect(bench.target?.limit == (minute == 11 ? .amperes(16) : .zero))
    }

    /// A stop may have been applied when it failed: neither the slot nor a restart raises anything.
    @Test func afterAFailedIdleARestartRaisesNothingForTheSchedule() throws {
        var bench = bench(restored(), at: Self.edge(5), found: .amperes(16))
        bench.push(.idle)
        bench.lose()
        bench.wait(.seconds(31))
        bench.tick()
        #expect(bench.ends.last?.failureCode == .deviceOffline)
        let offline = try #require(bench.persisted.compactMap(\.intent).last)
        #expect(offline.intent == .adopted(.amperes(16)))
        #expect(offline.until == Self.edge(7))
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        #expect(bench.target?.limit == .zero)
        let kept = try #require(bench.persisted.compactMap(\.intent).last)
        #expect(kept.intent == .adopted(.zero))
        #expect(kept.until == Self.edge(7))

        for durable in [offline, kept] {
            let restored = restored(durable.intent, until: durable.until)
            var again = self.bench(restored, at: Self.edge(6), found: .zero)
            #expect(again.target?.limit == .zero)
            #expect(again.target?.allowsIncrease == false)
            again.wait(.seconds(240))
            again.tick()
            #expect(again.target?.limit == .amperes(16), "up to the next edge")
        }
        // What it fell back to is more than what was adopted.
        let fallen = self.bench(
            restored(kept.intent, until: kept.until), at: Self.edge(6), found: .amperes(6))
        #expect(fallen.target?.limit == .zero)
    }

    @Test func whatIsRestoredAsFoundIsOverAtItsEdge() {
        let restored = restored(.adopted(.amperes(16)), until: Self.edge(7))
        let bench = bench(restored, at: Self.edge(8), found: .amperes(16))
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .some(nil))
    }

    @Test func withoutItsScheduleWhatIsWaitedForIsFoundAllTheSame() {
        var bench = bench(restored(), at: Self.edge(5), found: .amperes(16))
        bench.push(.idle)
        bench.lose()
        bench.wait(.seconds(31))
        bench.tick()
        bench.schedule(nil)
        bench.wait(.seconds(600))
        bench.poll(.c2, setpoint: .amperes(8))
        #expect(bench.target?.limit == .amperes(8))
        #expect(bench.target?.allowsIncrease == false)
    }

    /// In the second in which a slot ends nobody has looked yet.
    @Test(arguments: [false, true])
    func aScheduleThatIsRemovedAsItsSlotEndsLeavesIdle(isAskedForBefore: Bool) {
        var bench = bench(restored(), at: Self.edge(6), found: .amperes(16))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        bench.wait(.milliseconds(59_800))
        if isAskedForBefore { bench.schedule(nil, commits: false) }
        bench.wait(.milliseconds(100))
        if isAskedForBefore { bench.endCommits() } else { bench.schedule(nil) }
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .some(.idle))
        bench.wait(.seconds(1))
        bench.tick()
        #expect(bench.target?.limit == .zero)
    }

    /// What could not be committed must not be committed after the schedule has ended it.
    @Test(arguments: [false, true])
    func anIntentThatWasNotDurableIsOverWithANewSchedule(isUnderWay: Bool) {
        var bench = bench(restored(), at: Self.edge(1))
        bench.push(.charge)
        bench.wait(.milliseconds(100))
        bench.poll(
            .c2, setpoint: .amperes(16),
            application: .verified(
                revision: bench.target?.revision ?? 0, offered: .amperes(16), at: bench.now),
            commits: false)
        #expect(bench.durableIntent == .some(.charge))
        if !isUnderWay { bench.failCommits(with: .full) }
        var failing = bench.open
        bench.open = []
        bench.schedule(Self.schedule, commits: false)
        swap(&failing, &bench.open)
        bench.failCommits(with: .full)
        bench.open = failing
        bench.endCommits()
        #expect(bench.target?.limit == .zero)
        for _ in 1...3 {
            bench.wait(.seconds(1))
            bench.tick()
        }
        #expect(bench.durableIntent == .some(nil))
        #expect(bench.target?.limit == .zero)
    }

    @Test func anActionThatEndsBeforeAScheduleIsDurableIsOverWithIt() {
        var bench = bench(restored(), at: Self.edge(1))
        bench.push(.charge)
        bench.schedule(Self.schedule, commits: false)
        bench.obey(.c2)
        #expect(bench.ends.last?.state == .completed)
        #expect(bench.target?.limit == .amperes(16))
        bench.endCommits()
        #expect(bench.target?.limit == .zero)
        #expect(bench.durableIntent == .some(nil))
    }
}
