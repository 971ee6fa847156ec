import ChargeControl
import ChargeModel

extension AgentRouter {
    /// `GET /ev-charger/{id}/schedule`.
    func showSchedule(_ exchange: Exchange) throws -> Reply {
        try exchange.query().finish()
        let charger = try exchange.charger(in: service.view)
        guard let schedule = charger.schedule else { throw APIError.scheduleNotFound }
        return .data(schedule.json(moment(of: schedule, at: exchange.now)))
    }

    /// `PUT /ev-charger/{id}/schedule`: in the place of the one that was there. Answered when it is
    /// durable.
    func replaceSchedule(_ exchange: Exchange) async throws -> Reply {
        try exchange.query().finish()
        let charger = try exchange.charger(in: service.view).description.id
        let bytes = try await exchange.request.jsonBytes(upTo: limits.body)
        let body = try ScheduleBody(try JSON.body(bytes), zones: zones)
        let schedule = try await service.replaceSchedule(
            ScheduleRequest(
                charger: charger, timezone: body.timezone, recurrence: body.recurrence,
                slots: body.slots, idempotency: try exchange.idempotencyKey(bodyBytes: bytes)))
        // As it was when it was set, so that a repeated request is answered alike.
        var then = exchange.now
        then.wall = schedule.updatedAt
        return .data(schedule.json(moment(of: schedule, at: then)))
    }

    /// `DELETE /ev-charger/{id}/schedule`, without a body.
    func removeSchedule(_ exchange: Exchange) async throws -> Reply {
        try exchange.query().finish()
        let charger = try exchange.charger(in: service.view).description.id
        let removed = try await service.removeSchedule(
            of: charger, idempotency: try exchange.idempotencyKey(bodyBytes: []))
        guard let removed else { throw APIError.scheduleNotFound }
        return .data(removed.removalJSON)
    }

    /// What a schedule says, whatever else decides over its charger; nil while civil time is not
    /// known, be it that the clock is not trusted or that the zone has gone from this machine.
    private func moment(of schedule: RecurringSchedule, at now: TimePoint) -> ScheduleMoment? {
        guard now.isWallTrusted, let zone = zones.zone(named: schedule.timezone) else { return nil }
        return schedule.moment(at: now.wall, in: zone)
    }
}
