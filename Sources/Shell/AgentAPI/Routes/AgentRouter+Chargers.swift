import ChargeControl
import ChargeModel

extension AgentRouter {
    /// `GET /ev-charger`: never waits for a wallbox.
    func listChargers(_ exchange: Exchange) throws -> Reply {
        var query = try exchange.query()
        let page = try PageRequest(&query)
        let user = try query.string("userId")
        try query.finish()
        let chargers = exchange.visible(in: service.view).filter { charger in
            user.map { charger.description.user == $0 } ?? true
        }
        let items = page.slice(of: chargers).map { charger in
            charger.json(at: exchange.now.monotonic, withSettings: false)
        }
        return .data(page.json(items, total: chargers.count))
    }

    /// `GET /ev-charger/{id}`.
    func showCharger(_ exchange: Exchange) async throws -> Reply {
        var query = try exchange.query()
        let isExpedited = try query.flag("expedite")
        try query.finish()
        var charger = try exchange.charger(in: service.view)
        var now = exchange.now
        if isExpedited {
            await service.refresh(charger.description.id, within: Self.longestRefresh)
            charger = try exchange.charger(in: service.view)
            now = service.now()
        }
        return .data(charger.json(at: now.monotonic, withSettings: true))
    }

    /// How long `expedite=true` may hold an answer back.
    private static var longestRefresh: Duration { .seconds(1) }
}

/// Which part of a list is asked for.
struct PageRequest: Hashable {
    let offset: Int
    let limit: Int

    /// Takes `offset` and `limit` from a query.
    init(_ query: inout QueryReader) throws(APIError) {
        offset = try query.integer("offset", in: 0...Int(Int32.max), default: 0)
        limit = try query.integer("limit", in: 1...50, default: 10)
    }

    func slice<Element>(of elements: [Element]) -> ArraySlice<Element> {
        elements.dropFirst(offset).prefix(limit)
    }

    func json(_ items: [JSON], total: Int) -> JSON {
        [
            "items": .array(items),
            "pagination": [
                "limit": .integer(limit), "offset": .integer(offset), "total": .integer(total),
                "hasMore": .bool(offset + items.count < total),
            ],
        ]
    }
}
