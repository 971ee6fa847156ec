import ChargeModel

extension AgentEvent {
    /// The word after `event:`.
    var name: String {
        switch payload {
        case .state: "state"
        case .action: "action"
        case .decision: "decision"
        case .fault: "fault"
        }
    }

    /// What is after `data:`: whose it is, when it was, and under the event's name what it says; for
    /// `state` that is the device, as the list has it.
    ///
    /// - Parameter now: When the event is told, by which a device counts as fresh or stale.
    func json(at now: MonotonicInstant) -> JSON {
        let content: JSON =
            switch payload {
            case .state(let view): view.json(at: now, withSettings: false)
            case .action(let action): action.json
            case .decision(let decision): .object(decision.members)
            case .fault(let condition, let isActive):
                [
                    "code": .string(condition.code), "message": .string(condition.message),
                    "active": .bool(isActive),
                ]
            }
        let key = if case .state = payload { "device" } else { name }
        return .object([
            .init("deviceId", .string(charger.rawValue)), .init("at", .string(at.timestamp)),
            .init(key, content),
        ])
    }
}
