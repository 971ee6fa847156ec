import ChargeControl
import ChargeModel
import HTTPTypes
import HummingbirdCore

extension AgentRouter {
    /// `GET /events`: of every charger that the key sees.
    func streamEvents(_ exchange: Exchange) throws -> Reply {
        try stream(exchange, of: exchange.visible(in: service.view).map(\.description.id))
    }

    /// `GET /ev-charger/{id}/events`.
    func streamChargerEvents(_ exchange: Exchange) throws -> Reply {
        try stream(exchange, of: [try exchange.charger(in: service.view).description.id])
    }

    private func stream(_ exchange: Exchange, of chargers: [ChargerID]) throws -> Reply {
        try exchange.query().finish()
        let last = try lastSequence(in: exchange.request.headers)
        guard let place = places.take(for: exchange.source) else {
            throw APIError.retryable(
                .serviceUnavailable, "too many event streams are open already; close one",
                after: .seconds(10))
        }
        let stream = EventStream(
            service: service, keys: keys, exchange: exchange, events: service.events(after: last),
            chargers: Set(chargers), run: run, keyCheck: limits.eventKeyCheck,
            comment: limits.eventComment, place: place)
        return .stream(stream.body, contentType: "text/event-stream")
    }

    /// Where a client wants to go on; nil for a client that was not here before. After an id of
    /// another run of the agent everything that is kept is news.
    private func lastSequence(in headers: HTTPFields) throws(APIError) -> UInt64? {
        let values = headers[values: .lastEventID]
        guard let value = values.first else { return nil }
        guard values.count == 1, value.utf8.count <= 64, let id = EventID(value) else {
            throw .invalid(
                HTTPField.Name.lastEventID.rawName, "must be the `id` of an event of this API")
        }
        return id.run == run ? id.sequence : 0
    }
}
