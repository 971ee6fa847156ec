import ChargeModel

extension Decision {
    /// The decision itself, as an event tells it.
    var members: [JSON.Member] {
        [
            .init(
                "claims",
                .array(
                    claims.map { claim in
                        [
                            "source": .string(claim.source.rawValue),
                            "limitAmperes": .number(claim.limit.amperes),
                            "reason": .string(claim.reason),
                        ]
                    })),
            .init("winner", .optional(winner?.rawValue)),
            .init("targetAmperes", .optional(limit?.amperes)),
            .init("reason", .string(reason)),
        ]
    }
}

extension ChargerView {
    /// The decision in force, what came of it on the wire, and what is measured.
    ///
    /// - Parameters:
    ///   - group: The fuse that it shares with others.
    ///   - visible: The chargers that may be named.
    func decisionJSON(in group: GroupView?, seeing visible: [ChargerID]) -> JSON {
        .object(
            [.init("deviceId", .string(description.id.rawValue))]
                + decision.members
                + [
                    .init("written", snapshot.application.json),
                    .init("readBack", readBackJSON),
                    .init("group", group?.json(seeing: visible) ?? .null),
                    .init(
                        "measured",
                        [
                            "powerKilowatts": .optional(power?.kilowatts(decimals: 3)),
                            "isPowerEstimated": .bool(isPowerEstimated),
                        ]),
                    .init("link", snapshot.link.json),
                    .init("conditions", .array(snapshot.conditions.map(\.json))),
                ])
    }

    private var readBackJSON: JSON {
        switch snapshot.setpoint {
        case .captured(let limit, let time):
            [
                "limitAmperes": .number(limit.amperes), "at": .string(time.wall.timestamp),
                "absentBecause": .null,
            ]
        case .absent(let reason):
            ["limitAmperes": .null, "at": .null, "absentBecause": .string(reason.rawValue)]
        }
    }
}

extension TargetApplication {
    /// How far the target has come: every member is always there.
    var json: JSON {
        var state = "none"
        var at: TimePoint?
        var current: Milliamperes?
        var reason: String?
        switch self {
        case .none: break
        case .pending: state = "pending"
        case .held:
            state = "held"
            reason =
                "an increase waits: 5 s after the one before, or, where it is a start that nobody "
                + "asked for, 180 s after the last stop or start and for no more than 10 in an hour"
        case .written(_, let time): (state, at) = ("written", time)
        case .verified(_, let offered, let time): (state, current, at) = ("verified", offered, time)
        case .withheld(_, let write):
            (state, reason) = ("withheld", "read-only: \"\(write)\" would be written")
        case .refused(_, let why): (state, reason) = ("refused", why)
        case .contradicted(_, let found): (state, current) = ("contradicted", found)
        }
        return [
            "state": .string(state),
            "revision": revision.map { .integer($0) } ?? .null,
            "at": .optional(at?.wall.timestamp),
            "offeredAmperes": .optional(current?.amperes),
            "reason": .optional(reason),
        ]
    }
}

extension LinkState {
    var json: JSON {
        switch self {
        case .connecting: ["state": "connecting", "reason": .null]
        case .up: ["state": "up", "reason": .null]
        case .down(let reason): ["state": "down", "reason": .string(reason)]
        }
    }
}

extension ChargerCondition {
    var json: JSON {
        ["code": .string(code), "message": .string(message)]
    }
}
