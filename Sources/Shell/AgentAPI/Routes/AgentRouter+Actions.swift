import ChargeControl
import ChargeModel

extension AgentRouter {
    /// `GET /actions`: newest first. What a key does not see is not there.
    func listActions(_ exchange: Exchange) async throws -> Reply {
        var query = try exchange.query()
        let page = try PageRequest(&query)
        let filter = try ActionFilter(&query)
        try query.finish()
        let chargers = exchange.visible(in: service.view).map(\.description).filter(filter.takes)
        guard !chargers.isEmpty else { return .data(page.json([], total: 0)) }
        let found = try await service.actions(
            ActionQuery(
                chargers: chargers.map(\.id), state: filter.state, offset: page.offset,
                limit: page.limit))
        return .data(page.json(found.actions.map(\.json), total: found.total))
    }

    /// `GET /actions/{id}`.
    func showAction(_ exchange: Exchange) async throws -> Reply {
        try exchange.query().finish()
        return .data(try await action(of: exchange).json)
    }

    /// `POST /actions/{id}/cancel`: no body, or an empty object.
    func cancelAction(_ exchange: Exchange) async throws -> Reply {
        try exchange.query().finish()
        if exchange.request.announcesBody {
            let bytes = try await exchange.request.jsonBytes(upTo: limits.body)
            try FieldReader(try JSON.body(bytes)).finish()
        }
        let action = try await action(of: exchange)
        return .data(try await service.cancel(action.id, of: action.charger).json)
    }

    private func action(of exchange: Exchange) async throws -> Action {
        guard let action = try await service.action(Action.ID(exchange.parameter)),
            let charger = service.view[action.charger], exchange.sees(charger.description)
        else { throw APIError.actionNotFound }
        return action
    }
}

/// Which actions are asked for.
private struct ActionFilter {
    let state: ActionStateName?
    private let user: String?
    private let charger: String?
    private let type: String?

    init(_ query: inout QueryReader) throws(APIError) {
        user = try query.string("userId")
        charger = try query.string("deviceId")
        state = try query.word("state", as: ActionStateName.self)
        type = try query.string("deviceType", maximumLength: 64)
        // The public API has more types than this agent: another one matches nothing.
        guard type?.utf8.allSatisfy(Self.isOfTypeName) ?? true else {
            throw .invalid("deviceType", "must be a device type, such as `\(deviceType)`")
        }
    }

    func takes(_ description: ChargerDescription) -> Bool {
        (user.map { description.user == $0 } ?? true)
            && (charger.map { description.id.rawValue == $0 } ?? true)
            && (type.map { $0 == deviceType } ?? true)
    }

    private static func isOfTypeName(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || byte == UInt8(ascii: "_")
    }
}
