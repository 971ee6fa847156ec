import ChargeControl
import ChargeModel

extension ChargerView {
    /// The device of the API at a moment.
    ///
    /// - Parameter withSettings: As `GET` of one device has it; the list has not.
    func json(at now: MonotonicInstant, withSettings: Bool) -> JSON {
        let freshness = freshness(at: now)
        var members: [JSON.Member] = [
            .init("id", .string(description.id.rawValue)),
            .init("vendor", .string(description.vendor)),
            .init(
                "sync",
                [
                    "available": .bool(freshness != .fallback),
                    "lastPulledAt": .optional(snapshot.lastPoll?.wall.timestamp),
                ]),
            .init(
                "metadata",
                ["model": .string(description.model), "source": .string(freshness.rawValue)]),
            .init("state", stateJSON(at: now)),
            .init("commands", commandsJSON),
            .init("conflictStrategies", .strings(ConflictStrategy.allCases.map(\.rawValue))),
        ]
        if withSettings { members.append(.init("settings", settingsJSON)) }
        members.append(.init("lastAction", lastAction?.summaryJSON ?? .null))
        members.append(.init("currentSchedule", currentSchedule?.json ?? .null))
        return .object(members)
    }

    private func stateJSON(at now: MonotonicInstant) -> JSON {
        [
            "status": .string(status(at: now).rawValue),
            "isConnected": .optional(snapshot.pilot.value?.isVehicleConnected),
            "isCharging": .optional(isCharging),
            "currentPower": .optional(power.map { $0.kilowatts(decimals: 2) }),
            "maxCurrent": .number(maxCurrent.amperes),
            "powerRateLimit": .number(powerRateLimit.kilowatts(decimals: 1)),
        ]
    }

    private var commandsJSON: JSON {
        .object(
            executions.map { entry in
                .init(
                    entry.command.rawValue,
                    [
                        "parameters": [:],
                        "execution": .strings(entry.executions.map(\.rawValue)),
                    ])
            })
    }

    private var settingsJSON: JSON {
        let range = ChargeRateSetting.range
        return [
            .init(ChargeRateSetting.name): [
                "value": .number((maxChargeRate ?? uncappedPower).kilowatts(decimals: 3)),
                "unit": .init(stringLiteral: ChargeRateSetting.unit),
                "min": .number(range.lowerBound.kilowatts(decimals: 3)),
                "max": .number(range.upperBound.kilowatts(decimals: 3)),
            ]
        ]
    }
}

extension Watts {
    /// Rounded to 0 to 3 decimals.
    func kilowatts(decimals: Int) -> JSONNumber {
        JSONNumber(thousandths: rawValue, decimals: decimals)
    }
}

extension Milliamperes {
    var amperes: JSONNumber { JSONNumber(thousandths: rawValue, decimals: 3) }
}

/// The one setting of a charger.
enum ChargeRateSetting {
    static let name = "max_charge_rate"
    static let unit = "kw"
    /// 0 to 50 kW.
    static let range = Watts(0)...Watts(50_000)
}
