import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// Moments in which what the driver tells is not what it seems.
struct OutcomeCornerTests {
    private func contacted() -> ControlBench {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        bench.obey()
        return bench
    }

    @Test func r12_aSetpointThatWasReadBeforeTheStartIsNotAdopted() {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.c2) { snapshot, _ in
            snapshot.setpoint = .captured(.amperes(10), at: ControlBench.start)
        }
        #expect(bench.target == nil)
        bench.poll(.c2, setpoint: .amperes(8))
        #expect(bench.target?.limit == .amperes(8))
    }

    @Test func anActionOfAReadOnlyAgentFailsAndSaysWhatWouldHaveBeenWritten() {
        var bench = contacted()
        bench.push(.charge)
        let revision = bench.target?.revision ?? 0
        bench.poll(application: .withheld(revision: revision, write: "charge at 16 A"))
        #expect(bench.ends.last?.failureCode == .readOnly)
        guard case .failed(let failure)? = bench.ends.last?.state else { return }
        #expect(failure.message.contains("charge at 16 A"))
    }

    @Test func r26_whatWasVerifiedBeforeTheLinkWasLostCompletesNothing() {
        var bench = contacted()
        bench.push(.charge)
        let verified = TargetApplication.verified(
            revision: bench.target?.revision ?? 0, offered: .amperes(16), at: bench.now)
        bench.poll(.c2, application: verified) { snapshot, _ in
            snapshot.link = .down(reason: "cut")
        }
        #expect(bench.ends.isEmpty)
        bench.poll(.c2, application: verified)
        #expect(bench.ends.map(\.state) == [.completed])
    }

    @Test func r26_aStaleValueCompletesNothing() {
        var bench = contacted()
        bench.push(.charge)
        let verified = TargetApplication.verified(
            revision: bench.target?.revision ?? 0, offered: .amperes(16), at: bench.now)
        bench.wait(.seconds(3))
        bench.poll(.c2, application: verified)
        #expect(bench.ends.isEmpty)
    }

    @Test func r16_aScheduledStartIsDurable() {
        var bench = contacted()
        let start = bench.now.wall.advanced(by: .seconds(60))
        bench.push(.charge, ActionTiming(start: start, isRelative: false))
        bench.wait(.seconds(61))
        bench.tick()
        #expect(bench.target?.limit == .amperes(16))
        #expect(bench.persisted.last?.actions.map(\.state) == [.acknowledged])
    }

    /// Energy allowed, a meter that shows none, and a pilot that says it could flow.
    @Test func aVehicleThatMayDrawAndHasNotYetIsPreparing() {
        var bench = contacted()
        bench.push(.charge)
        bench.obey(.b2)
        bench.poll(.c2) { snapshot, now in snapshot.power = .captured(.zero, at: now) }
        #expect(bench.engine.view.status == .preparing)
        bench.poll(.c2) { snapshot, now in snapshot.power = .captured(Watts(3_000), at: now) }
        #expect(bench.engine.view.status == .charging)
        bench.poll(.c2) { snapshot, now in snapshot.power = .captured(.zero, at: now) }
        #expect(bench.engine.view.status == .suspendedEV)
    }

    // MARK: - After a restart

    private func restored(_ state: ActionState, start: Int?, end: Int? = nil) -> ControlBench {
        var action = Action(
            id: Action.ID("action_0"), charger: ControlBench.charger, command: .charge,
            state: state, createdAt: ControlBench.start.wall.advanced(by: .seconds(-40_000)))
        let instant = { (seconds: Int) in ControlBench.start.wall.advanced(by: .seconds(seconds)) }
        action.start = start.map(instant)
        action.end = end.map(instant)
        if state == .acknowledged { action.acknowledgedAt = action.start }
        var bench = ControlBench(
            restored: RestoredCharger(
                charger: ControlBench.charger, openAction: action, lastAction: action))
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        bench.tick()
        return bench
    }

    /// A scheduled start is tried for a quarter of an hour.
    @Test func r19_aStartThatWasInterruptedIsTakenUpWhileItsTimeLasts() {
        var bench = restored(.acknowledged, start: -60, end: 3_600)
        #expect(bench.target?.limit == .amperes(16))
        bench.obey(.c2)
        #expect(bench.ends.map(\.state) == [.completed])
        let late = restored(.acknowledged, start: -1_000, end: 3_600)
        #expect(late.ends.map { $0.failureCode != nil } == [true])
        #expect(late.target?.limit != .amperes(16))
    }

    @Test func r19_aLateStartSaysByHowManyHours() {
        var bench = restored(.scheduled, start: -3 * 3_600)
        bench.obey(.c2)
        #expect(bench.ends.last?.message?.contains("started 3 h 0 min late") == true)
    }

    /// Nothing writes such a row; a damaged file may hold one.
    @Test func aScheduledActionWithoutAStartBeginsAtOnce() {
        let bench = restored(.scheduled, start: nil)
        #expect(bench.target?.limit == .amperes(16))
    }

    // MARK: - Slots

    @Test func aSlotThatIsIdleIsIdle() {
        let schedule = RecurringSchedule(
            id: "sched_1", charger: ControlBench.charger, timezone: "UTC", recurrence: .daily,
            slots: [ScheduleSlot(startMinute: 0, durationMinutes: 1_440, command: .idle)],
            updatedAt: ControlBench.start.wall.advanced(by: .seconds(-90_000)))
        var bench = ControlBench(
            restored: RestoredCharger(charger: ControlBench.charger, schedule: schedule),
            startDelay: .seconds(600))
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        #expect(bench.target?.limit == .zero)
        #expect(!bench.effects.contains { if case .drawDelay = $0 { true } else { false } })
    }

    @Test func r45_aDelayThatNobodyAskedForChangesNothing() {
        var bench = contacted()
        let before = bench.target
        bench.take(
            bench.engine.delayDrawn(
                .seconds(60), slot: ControlBench.start.wall, at: bench.now))
        #expect(bench.target == before)
        #expect(bench.persisted.isEmpty)
    }
}
