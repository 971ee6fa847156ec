import ChargeModel

extension CurrentSchedule {
    /// The `currentSchedule` of a device.
    var json: JSON {
        var members: [JSON.Member] = [
            .init("id", .string(id)),
            .init("kind", .string(kind.rawValue)),
            .init("state", .string(state.rawValue)),
            .init("command", .string(command.rawValue)),
            .init("start", .optional(start?.timestamp)),
            .init("end", .optional(end?.timestamp)),
            .init("nextFireAt", .optional(nextFireAt?.timestamp)),
        ]
        if let startDelay { members.append(.startDelay(startDelay)) }
        return .object(members)
    }
}

extension JSON.Member {
    /// How much later than its `start` something begins; there only where starts are delayed.
    static func startDelay(_ delay: Duration) -> JSON.Member {
        .init("startDelaySeconds", .integer(delay.milliseconds / 1_000))
    }
}
