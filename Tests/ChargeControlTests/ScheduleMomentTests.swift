import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@Suite("What a recurring schedule says at an instant")
struct ScheduleMomentTests {
    @Test func aNightIsOneSlotOnTwoDays() throws {
        let night = schedule(.daily, [slot("23:00", 420)])
        let before = moment(night, "2026-06-01T22:59:59")
        #expect(before.active == nil)
        #expect(shown(before.next.start) == "2026-06-01T23:00:00")
        #expect(before.nextEdge == before.next.start)

        for time in ["2026-06-01T23:00:00", "2026-06-02T00:00:00", "2026-06-02T05:59:59"] {
            let open = moment(night, time)
            #expect(open.active == before.next)
            #expect(shown(open.nextEdge) == "2026-06-02T06:00:00")
            #expect(shown(open.next.start) == "2026-06-02T23:00:00")
        }
        #expect(moment(night, "2026-06-02T06:00:00").active == nil)
    }

    @Test func aWeekBeginsOnItsDaysOnly() {
        // 1 June 2026 is a Monday.
        let weekend = schedule(.weekly([.saturday, .sunday]), [slot("22:00", 240)])
        #expect(shown(moment(weekend, "2026-06-01T02:00:00").next.start) == "2026-06-06T22:00:00")
        #expect(shown(moment(weekend, "2026-06-06T22:00:00").next.start) == "2026-06-07T22:00:00")
        let monday = moment(weekend, "2026-06-08T01:59:59")
        #expect(monday.active.map { shown($0.start) } == "2026-06-07T22:00:00")
        #expect(shown(monday.next.start) == "2026-06-13T22:00:00")
    }

    @Test func slotsThatTouchLeaveNoInstantBetween() {
        let day = schedule(.daily, [slot("00:00", 720), slot("12:00", 720, .idle)])
        let noon = moment(day, "2026-06-01T11:59:59")
        #expect(noon.active?.slot.command == .charge)
        #expect(noon.nextEdge == noon.next.start)
        #expect(moment(day, "2026-06-01T12:00:00").active == noon.next)
    }

    @Test("R22: a slot in the gap of spring begins at its end and lasts as long as ever")
    func slotInTheGap() {
        let open = moment(schedule(.daily, [slot("02:30", 60)]), "2026-03-29T03:00:00").active
        #expect(open.map { shown($0.start) } == "2026-03-29T03:00:00")
        #expect(open.map { shown($0.end) } == "2026-03-29T04:00:00")
    }

    @Test("R22: of the slots that a gap leaps over the last is carried out")
    func slotsInTheGap() {
        let both = schedule(.daily, [slot("02:10", 10), slot("02:40", 30, .idle)])
        let before = moment(both, "2026-03-29T01:59:59")
        #expect(before.next.slot.command == .idle)
        #expect(shown(before.next.start) == "2026-03-29T03:00:00")
        let open = moment(both, "2026-03-29T03:00:00")
        #expect(open.active == before.next)
        #expect(shown(open.next.start) == "2026-03-30T02:10:00")
    }

    @Test("R22: a slot in the overlap of autumn begins at the first of the two, once")
    func slotInTheOverlap() {
        let short = schedule(.daily, [slot("02:30", 15)])
        let first = moment(short, "2026-10-25T02:30:00")
        #expect(first.active?.start.milliseconds == 1_792_888_200_000)
        // The clock shows 2:30 again an hour later: 1:30 UTC.
        let second = short.moment(
            at: WallInstant(milliseconds: 1_792_891_800_000), in: TestZones.berlin)
        #expect(second.active == nil)
        #expect(shown(second.next.start) == "2026-10-26T02:30:00")
    }

    @Test("R22: what began in the first of the two goes on while the clock shows less again")
    func slotOpenInTheOverlap() {
        let hour = schedule(.daily, [slot("02:30", 60)])
        // 1:10 UTC: the clock shows 2:10 for the second time, 40 minutes after it showed 2:30.
        let now = WallInstant(milliseconds: 1_792_890_600_000)
        let open = hour.moment(at: now, in: TestZones.berlin)
        #expect(open.active?.start.milliseconds == 1_792_888_200_000)
        #expect(open.active.map { now.duration(to: $0.end) } == .seconds(20 * 60))
        #expect(shown(open.next.start) == "2026-10-26T02:30:00")
    }

    @Test("R22: a night of spring that is cut short ends where the next slot begins")
    func nightOfSpring() {
        let touching = schedule(.daily, [slot("22:00", 420), slot("05:00", 60, .idle)])
        let night = moment(touching, "2026-03-29T00:00:00")
        #expect(night.active.map { shown($0.end) } == "2026-03-29T05:00:00")
        #expect(night.active.map { $0.start.duration(to: $0.end) } == .seconds(6 * 3_600))
    }

    @Test("R21, R22: schedules tile, never overlap, never fire twice and never early")
    func randomSchedules() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for zone in TestZones.all {
            for _ in 0..<10 {
                let schedule = RecurringSchedule.random(using: &random)
                try #require(ScheduleRules.problem(of: schedule) == nil)
                let start = Self.startBeforeAChange(of: zone, using: &random)
                try check(schedule, in: zone, from: start, using: &random)
            }
        }
    }

    /// Against what somebody sees who watches the clock.
    private func check(
        _ schedule: RecurringSchedule, in zone: ZoneTable, from start: WallInstant,
        using random: inout SeededRandom
    ) throws {
        // A weekly slot may lie nine days after the last instant that is asked about.
        let watched = WatchedSchedule(schedule, in: zone, from: start, days: 22)
        let comment = Comment(rawValue: "\(zone.name) from \(start): \(schedule)")
        // What began before the watch began is not seen; nothing lasts longer than a day.
        var now = start.advanced(by: .seconds(2 * 86_400))
        let end = start.advanced(by: .seconds(12 * 86_400))
        // At random instants, in no order: the wall clock may step.
        for _ in 0..<100 {
            let minute = Int64.random(in: 0..<10 * 1_440, using: &random)
            let instant = now.advanced(by: .milliseconds(minute * 60_000 + minute % 3 - 1))
            let moment = schedule.moment(at: instant, in: zone)
            #expect(moment.active == watched.open(at: instant), comment)
            #expect(moment.next == watched.next(after: instant), comment)
        }
        // From edge to edge.
        var fired: [WallInstant] = []
        while now < end {
            let moment = schedule.moment(at: now, in: zone)
            try #require(moment.nextEdge > now, comment)
            let justBefore = moment.nextEdge.advanced(by: .milliseconds(-1))
            #expect(schedule.moment(at: justBefore, in: zone) == moment, comment)
            if moment.active?.start == now { fired.append(now) }
            now = moment.nextEdge
        }
        let first = start.advanced(by: .seconds(2 * 86_400))
        let expected = watched.occurrences.map(\.start).filter { first <= $0 && $0 < end }
        #expect(fired == expected, comment)
    }

    private static func startBeforeAChange(
        of zone: ZoneTable, using random: inout SeededRandom
    ) -> WallInstant {
        let changes = zone.changes.dropFirst().map(\.at).filter { $0 > 1_767_225_600 }
        let change = changes.randomElement(using: &random) ?? 1_780_401_600
        let days = Int64.random(in: 3...10, using: &random)
        return WallInstant(milliseconds: (change / 86_400 - days) * 86_400_000)
    }

    @Test func aYearOfEverySlotTakesSeconds() {
        let full = schedule(
            .weekly(Weekday.allCases), (0..<48).map { slot(minute: $0 * 30, 29) })
        let start = WallInstant(milliseconds: 1_767_222_000_000)
        let end = start.advanced(by: .seconds(365 * 86_400))
        var now = start
        var fired = 0
        let elapsed = ContinuousClock().measure {
            while now < end {
                let moment = full.moment(at: now, in: TestZones.berlin)
                if moment.active?.start == now { fired += 1 }
                now = moment.nextEdge
            }
        }
        print("\(fired) slots of a year in \(elapsed)")
        // Two of spring's slots are leapt over, and the third begins with them; autumn's hour has
        // none of its own.
        #expect(fired == 365 * 48 - 2)
    }

    // MARK: - In Berlin

    private func moment(_ schedule: RecurringSchedule, _ time: String) -> ScheduleMoment {
        guard let civil = CivilDateTime(time) else {
            preconditionFailure("\(time) is no time")
        }
        return schedule.moment(at: TestZones.berlin.instant(of: civil), in: TestZones.berlin)
    }

    private func shown(_ instant: WallInstant) -> String {
        TestZones.berlin.civil(at: instant).description
    }

    private func schedule(
        _ recurrence: RecurringSchedule.Recurrence, _ slots: [ScheduleSlot]
    ) -> RecurringSchedule {
        RecurringSchedule(
            id: "sched_1", charger: ChargerID("a"), timezone: "Europe/Berlin",
            recurrence: recurrence, slots: slots, updatedAt: WallInstant(milliseconds: 0)
        ).inOrder
    }

    private func slot(
        _ time: String, _ duration: Int, _ command: ChargeCommand = .charge
    ) -> ScheduleSlot {
        let parts = time.split(separator: ":").compactMap { Int($0) }
        return slot(minute: parts[0] * 60 + parts[1], duration, command)
    }

    private func slot(
        minute: Int, _ duration: Int, _ command: ChargeCommand = .charge
    ) -> ScheduleSlot {
        ScheduleSlot(startMinute: minute, durationMinutes: duration, command: command)
    }
}
