import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// The key of a request is durable in the very commit that carries what was asked for: with one and
/// without the other a repeated request would have a second effect, or none.
@Suite struct R20KeyTests {
    private let key = IdempotencyKey(scope: "k1 POST /x", key: "8f1c", bodyHash: [1, 2, 3])

    private func record(
        _ bench: ControlBench, action: Action.ID? = nil, schedule: RecurringSchedule? = nil
    ) -> IdempotencyRecord {
        IdempotencyRecord(
            scope: key.scope, key: key.key, bodyHash: key.bodyHash, action: action,
            schedule: schedule, createdAt: bench.now.wall)
    }

    private func bench() -> ControlBench {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        bench.obey()
        return bench
    }

    @Test("R20 a push", arguments: ChargeCommand.allCases)
    func r20_theKeyOfAPushNamesItsAction(command: ChargeCommand) {
        var bench = bench()
        // Something else was pushed before: the key names the new one.
        bench.push(.idle)
        bench.obey()
        let request = ActionRequest(
            charger: ControlBench.charger, command: command, idempotency: key)
        bench.take(
            bench.engine.requested(
                request, id: Action.ID("action_9"), as: RequestID(rawValue: 9), at: bench.now),
            commits: false)
        let change = bench.open.last?.change
        #expect(change?.actions.map(\.id) == [Action.ID("action_9")])
        #expect(change?.idempotency == record(bench, action: Action.ID("action_9")))
    }

    @Test func r20_aRefusedPushLeavesNoKey() {
        var bench = bench()
        bench.push(.charge)
        let before = bench.persisted.count
        let request = ActionRequest(
            charger: ControlBench.charger, command: .charge, idempotency: key)
        bench.take(
            bench.engine.requested(
                request, id: Action.ID("action_9"), as: RequestID(rawValue: 9), at: bench.now))
        #expect(bench.refusals.count == 1)
        #expect(bench.persisted.count == before)
    }

    @Test func r20_theKeyOfASettingIsDurableWithIt() {
        var bench = bench()
        let request = SettingsRequest(
            charger: ControlBench.charger, maxChargeRate: Watts(7_400), idempotency: key)
        bench.take(
            bench.engine.settingsRequested(request, as: RequestID(rawValue: 9), at: bench.now))
        #expect(bench.persisted.last?.settings?.maxChargeRate == Watts(7_400))
        #expect(bench.persisted.last?.idempotency == record(bench))
    }

    /// A repeated PUT is answered with the schedule that was set, a repeated DELETE with the one that
    /// was removed.
    @Test func r20_theKeyOfAScheduleHoldsWhatWasAnswered() {
        var bench = bench()
        let schedule = RecurringSchedule(
            id: "sched_1", charger: ControlBench.charger, timezone: "Europe/Berlin",
            recurrence: .daily,
            slots: [ScheduleSlot(startMinute: 60, durationMinutes: 60, command: .charge)],
            updatedAt: bench.now.wall)
        for wanted in [schedule, nil] {
            bench.take(
                bench.engine.scheduleRequested(
                    wanted, idempotency: key, as: RequestID(rawValue: 9), at: bench.now))
            let persisted = bench.persisted.last { $0.schedule != nil }
            #expect(persisted?.schedule?.schedule == wanted)
            #expect(persisted?.idempotency == record(bench, schedule: schedule))
        }
    }
}
