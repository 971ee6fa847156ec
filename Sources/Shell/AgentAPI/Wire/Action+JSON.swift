import ChargeModel

extension Action {
    private var selfLink: JSON { ["self": .string("/actions/\(id.rawValue)")] }

    /// The `lastAction` of a device.
    var summaryJSON: JSON {
        [
            "id": .string(id.rawValue),
            "command": .string(command.rawValue),
            "state": .string(state.name.rawValue),
            "createdAt": .string(createdAt.timestamp),
            "updatedAt": .string(updatedAt.timestamp),
            "links": selfLink,
        ]
    }

    /// The answer to the push that made it. It says what was accepted, not what has become of it
    /// since, so that a repeated push is answered alike.
    var acceptanceJSON: JSON {
        var members: [JSON.Member] = [
            .init("id", .string(id.rawValue)),
            .init("deviceId", .string(charger.rawValue)),
            .init("deviceType", .string(deviceType)),
            .init("command", .string(command.rawValue)),
            .init("parameters", .null),
            .init("state", start == nil ? "acknowledged" : "scheduled"),
            .init("createdAt", .string(createdAt.timestamp)),
            .init("start", .optional(start?.timestamp)),
        ]
        if let end { members.append(.init("end", .string(end.timestamp))) }
        if let startDelay { members.append(.startDelay(startDelay)) }
        members.append(.init("links", selfLink))
        return .object(members)
    }

    /// The action as a resource.
    var json: JSON {
        var failure: ActionFailure?
        if case .failed(let reason) = state { failure = reason }
        var members: [JSON.Member] = [
            .init("id", .string(id.rawValue)),
            .init("deviceId", .string(charger.rawValue)),
            .init("deviceType", .string(deviceType)),
            .init("command", .string(command.rawValue)),
            .init("parameters", .null),
            .init("state", .string(state.name.rawValue)),
            .init("result", resultJSON),
            .init("errorCode", .optional(failure?.code.rawValue)),
            .init("errorMessage", .optional(failure?.message)),
            .init("createdAt", .string(createdAt.timestamp)),
            .init("updatedAt", .string(updatedAt.timestamp)),
            .init("acknowledgedAt", .optional(acknowledgedAt?.timestamp)),
            .init("completedAt", .optional(completedAt?.timestamp)),
            .init("start", .optional(start?.timestamp)),
            .init("end", .optional(end?.timestamp)),
        ]
        if let startDelay { members.append(.startDelay(startDelay)) }
        members.append(.init("links", selfLink))
        return .object(members)
    }

    private var resultJSON: JSON {
        switch state {
        case .scheduled, .acknowledged, .cancelled:
            return .null
        case .completed:
            var members: [JSON.Member] = [.init("success", true)]
            if let message { members.append(.init("message", .string(message))) }
            return .object(members)
        case .failed(let failure):
            var members: [JSON.Member] = [.init("success", false)]
            if let message { members.append(.init("message", .string(message))) }
            members.append(.init("error", .string(failure.message)))
            return .object(members)
        }
    }
}

/// The `deviceType` of everything here.
let deviceType = "ev_charger"
