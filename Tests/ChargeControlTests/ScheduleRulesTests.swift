import ChargeControl
import ChargeModel
import Testing

@Suite("What a recurring schedule keeps to")
struct ScheduleRulesTests {
    @Test func oneSlotOfAWholeDayIsFine() {
        #expect(problem(.daily, [slot(0, 1_440)]) == nil)
        #expect(problem(.weekly([.monday]), [slot(1_439, 1_440)]) == nil)
    }

    @Test func slotsMayTouch() {
        #expect(problem(.daily, [slot(0, 720), slot(720, 720)]) == nil)
        #expect(problem(.daily, [slot(1_380, 120), slot(60, 60)]) == nil)
        #expect(problem(.weekly([.sunday, .monday]), [slot(60, 60), slot(1_380, 120)]) == nil)
    }

    @Test func slotsMustNotOverlapWithinADay() {
        #expect(problem(.daily, [slot(60, 61), slot(120, 30)])?.field == "slots[1].time")
        #expect(problem(.daily, [slot(120, 30), slot(60, 61)])?.field == "slots[0].time")
        #expect(problem(.daily, [slot(120, 30), slot(120, 30)])?.field == "slots[1].time")
    }

    @Test func slotsMustNotOverlapAcrossMidnight() {
        let night = [slot(1_380, 121), slot(60, 60)]
        #expect(problem(.daily, night)?.field == "slots[0].duration")
        #expect(problem(.weekly([.tuesday, .wednesday]), night)?.field == "slots[0].duration")
        // No slot begins on the day after.
        #expect(problem(.weekly([.tuesday, .thursday]), night) == nil)
        #expect(problem(.weekly([.tuesday]), night) == nil)
    }

    @Test func slotsMustNotOverlapAcrossTheEndOfTheWeek() {
        let night = [slot(60, 60), slot(1_380, 121)]
        #expect(problem(.weekly([.monday, .sunday]), night)?.field == "slots[1].duration")
        #expect(problem(.weekly([.sunday, .wednesday, .monday]), night) != nil)
        #expect(problem(.weekly([.tuesday, .sunday]), night) == nil)
    }

    @Test func slotsAreOneToFortyEight() {
        #expect(problem(.daily, [])?.field == "slots")
        let halfHours = (0..<48).map { slot($0 * 30, 30) }
        #expect(problem(.daily, halfHours) == nil)
        #expect(problem(.daily, (0..<49).map { slot($0 * 20, 20) })?.field == "slots")
    }

    @Test(arguments: [(-1, 60, "time"), (1_440, 60, "time"), (0, 0, "duration")])
    func eachSlotIsInItsRange(start: Int, duration: Int, field: String) {
        #expect(
            problem(.daily, [slot(0, 60), slot(start, duration)])?.field == "slots[1].\(field)")
    }

    @Test func aSlotIsADayAtMost() {
        #expect(problem(.weekly([.monday]), [slot(0, 1_441)])?.field == "slots[0].duration")
    }

    @Test func aWeekHasDaysEachOnce() {
        #expect(problem(.weekly([]), [slot(0, 60)])?.field == "recurrence.days")
        #expect(
            problem(.weekly([.friday, .monday, .friday]), [slot(0, 60)])?.message
                == "must name every day at most once; friday is named twice")
    }

    @Test func slotsAndDaysAreBroughtIntoOrder() {
        let ordered = schedule(
            .weekly([.friday, .monday]), [slot(120, 30), slot(60, 30)]
        ).inOrder
        #expect(ordered.recurrence == .weekly([.monday, .friday]))
        #expect(ordered.slots.map(\.startMinute) == [60, 120])
    }

    private func problem(
        _ recurrence: RecurringSchedule.Recurrence, _ slots: [ScheduleSlot]
    ) -> ScheduleProblem? {
        ScheduleRules.problem(of: schedule(recurrence, slots))
    }

    private func schedule(
        _ recurrence: RecurringSchedule.Recurrence, _ slots: [ScheduleSlot]
    ) -> RecurringSchedule {
        RecurringSchedule(
            id: "sched_1", charger: ChargerID("a"), timezone: "UTC", recurrence: recurrence,
            slots: slots, updatedAt: WallInstant(milliseconds: 0))
    }

    private func slot(_ start: Int, _ duration: Int) -> ScheduleSlot {
        ScheduleSlot(startMinute: start, durationMinutes: duration, command: .charge)
    }
}
