import ChargeControl
import ChargeModel

extension RecurringSchedule {
    /// The schedule as a resource.
    ///
    /// - Parameter moment: What it says now; nil while civil time is not known.
    func json(_ moment: ScheduleMoment?) -> JSON {
        let state: CurrentSchedule.State = moment?.active == nil ? .pending : .active
        return [
            "id": .string(id),
            "deviceId": .string(charger.rawValue),
            "deviceType": .string(deviceType),
            "timezone": .string(timezone),
            "recurrence": recurrence.json,
            "slots": .array(slots.map(\.json)),
            "state": .string(state.rawValue),
            "updatedAt": .string(updatedAt.timestamp),
            "nextFireAt": .optional(moment?.next.start.timestamp),
        ]
    }

    /// What is said of a schedule that was removed.
    var removalJSON: JSON {
        [
            "id": .string(id), "deviceId": .string(charger.rawValue),
            "deviceType": .string(deviceType),
        ]
    }
}

extension RecurringSchedule.Recurrence {
    fileprivate var json: JSON {
        switch self {
        case .daily: ["rule": "daily"]
        case .weekly(let days): ["rule": "weekly", "days": .strings(days.map(\.rawValue))]
        }
    }
}

extension ScheduleSlot {
    fileprivate var json: JSON {
        [
            "time": .string(SlotTime.text(minute: startMinute)),
            "duration": .string(SlotTime.text(minutes: durationMinutes)),
            "command": .string(command.rawValue),
        ]
    }
}
