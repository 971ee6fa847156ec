import ChargeControl
import ChargeModel
import Synchronization

// Recurring schedules of the scripted agent: judged by the rules, kept for each charger, shown in the
// view.
extension FakeAgentService {
    func replaceSchedule(
        _ request: ScheduleRequest
    ) async throws(RequestRefusal) -> RecurringSchedule {
        try refuse()
        return try state.withLock { state throws(RequestRefusal) in
            state.schedules.append(request)
            if let earlier = try state.answer(under: request.idempotency)?.schedule {
                return earlier
            }
            let index = try state.index(of: request.charger)
            let schedule = RecurringSchedule(
                id: "sched_fake\(state.schedules.count)", charger: request.charger,
                timezone: request.timezone, recurrence: request.recurrence,
                slots: request.slots, updatedAt: state.now.wall)
            if let problem = ScheduleRules.problem(of: schedule) {
                throw .invalidSchedule(field: problem.field, message: problem.message)
            }
            let kept = schedule.inOrder
            state.view.chargers[index].schedule = kept
            state.view.chargers[index].currentSchedule = kept.current(at: state.now.wall)
            if let key = request.idempotency {
                state.answers.append(AnswerUnderKey(key: key, schedule: kept))
            }
            return kept
        }
    }

    func removeSchedule(
        of charger: ChargerID, idempotency: IdempotencyKey?
    ) async throws(RequestRefusal) -> RecurringSchedule? {
        try refuse()
        return try state.withLock { state throws(RequestRefusal) in
            if let earlier = try state.answer(under: idempotency)?.schedule { return earlier }
            let index = try state.index(of: charger)
            guard let schedule = state.view.chargers[index].schedule else { return nil }
            state.view.chargers[index].schedule = nil
            state.view.chargers[index].currentSchedule = nil
            if let idempotency {
                state.answers.append(AnswerUnderKey(key: idempotency, schedule: schedule))
            }
            return schedule
        }
    }
}

extension FakeAgentService.State {
    func answer(
        under key: IdempotencyKey?
    ) throws(RequestRefusal) -> FakeAgentService.AnswerUnderKey? {
        guard let key,
            let answer = answers.first(where: {
                $0.key.scope == key.scope && $0.key.key == key.key
            })
        else { return nil }
        guard answer.key == key else { throw .idempotencyKeyReused }
        return answer
    }

    func action(_ id: Action.ID) throws(RequestRefusal) -> Action {
        guard let action = actions.first(where: { $0.id == id }) else { throw .unknownAction }
        return action
    }

    func index(of charger: ChargerID) throws(RequestRefusal) -> Int {
        guard let index = view.chargers.firstIndex(where: { $0.description.id == charger }) else {
            throw .unknownCharger
        }
        return index
    }

    mutating func cancel(_ id: Action.ID) {
        for index in actions.indices where actions[index].id == id {
            actions[index].state = .cancelled
            actions[index].updatedAt = now.wall
            actions[index].completedAt = now.wall
        }
    }

    mutating func settleConflict(_ request: ActionRequest) throws(RequestRefusal) {
        let scheduled = actions.filter { $0.charger == request.charger && $0.state == .scheduled }
            .map(\.id)
        guard !scheduled.isEmpty else { return }
        guard request.onConflict == .cancelAndReplace else {
            throw .conflict(
                reason: .noStrategySupplied, actions: scheduled, strategies: [.cancelAndReplace])
        }
        for id in scheduled { cancel(id) }
    }
}

extension RecurringSchedule {
    fileprivate func current(at now: WallInstant) -> CurrentSchedule? {
        guard let zone = SceneZones().zone(named: timezone) else { return nil }
        let moment = moment(at: now, in: zone)
        let shown = moment.active ?? moment.next
        return CurrentSchedule(
            id: id, kind: .schedule, state: moment.active == nil ? .pending : .active,
            command: shown.slot.command, start: shown.start, end: shown.end,
            nextFireAt: moment.next.start)
    }
}
