import ChargeModel

extension GroupView {
    /// Who has how much of the fuse, and why.
    ///
    /// - Parameter visible: The chargers that may be named; of the others only the currents are told.
    func json(seeing visible: [ChargerID]) -> JSON {
        [
            "name": .string(name),
            "limitAmperes": .number(limit.amperes),
            "members": .array(
                members.map { member in
                    let isVisible = visible.contains(member.charger)
                    return [
                        "deviceId": .optional(isVisible ? member.charger.rawValue : nil),
                        "phases": .strings(member.phases.names),
                        "shareAmperes": .optional(member.share?.amperes),
                        "countedAmperes": .number(member.counted.amperes),
                        "reason": .optional(isVisible ? member.reason : nil),
                    ]
                }),
        ]
    }
}
