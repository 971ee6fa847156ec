import ChargeModel

extension CurrentSchedule {
    /// The `currentSchedule` of a device.
    var json: JSON {
        [
            "id": .string(id),
            "kind": .string(kind.rawValue),
            "state": .string(state.rawValue),
            "command": .string(command.rawValue),
            "start": .optional(start?.timestamp),
            "end": .optional(end?.timestamp),
            "nextFireAt": .optional(nextFireAt?.timestamp),
        ]
    }
}
