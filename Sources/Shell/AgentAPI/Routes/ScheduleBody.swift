import ChargeControl
import ChargeModel

/// The body of `PUT /ev-charger/{id}/schedule`, checked for form. A field that is missing, unknown or
/// of another type is 400; a value that is no time, day, duration or zone is 422 `INVALID_SCHEDULE`.
struct ScheduleBody: Hashable {
    let timezone: String
    let recurrence: RecurringSchedule.Recurrence
    /// In the order of the body.
    let slots: [ScheduleSlot]

    init(_ json: JSON, zones: any ZoneDirectory) throws(APIError) {
        var body = try FieldReader(json)
        timezone = try body.string("timezone")
        let recurrence = try RecurrenceText(try body.object("recurrence"))
        let slots = try body.objects("slots").map { object throws(APIError) in
            try SlotText(object)
        }
        try body.finish()

        guard Self.isName(timezone), zones.zone(named: timezone) != nil else {
            throw .invalidSchedule(
                "timezone", "must be an IANA time zone that the agent knows, like `Europe/Berlin`")
        }
        self.recurrence = try recurrence.value()
        self.slots = try slots.map { text throws(APIError) in try text.value() }
    }

    /// Whether a text can be the name of a zone: it may become part of a path.
    private static func isName(_ text: String) -> Bool {
        text.utf8.first.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 } ?? false
            && text.unicodeScalars.allSatisfy {
                "a"..."z" ~= $0 || "A"..."Z" ~= $0 || "0"..."9" ~= $0
                    || "_+-/".unicodeScalars
                        .contains($0)
            }
    }
}

/// `{"rule": "weekly", "days": ["monday"]}`, with strings where strings belong.
private struct RecurrenceText {
    private let rule: String
    private let days: [String]?

    init(_ object: FieldReader) throws(APIError) {
        var object = object
        rule = try object.string("rule")
        days = try object.optionalStrings("days")
        try object.finish()
    }

    func value() throws(APIError) -> RecurringSchedule.Recurrence {
        switch rule {
        case "daily":
            guard days == nil else {
                throw .invalidSchedule("recurrence.days", "goes with `rule` `weekly` only")
            }
            return .daily
        case "weekly":
            guard let days else {
                throw .invalidSchedule("recurrence.days", "must say on which days slots begin")
            }
            return .weekly(
                try days.enumerated().map { place, name throws(APIError) in
                    guard let day = Weekday(rawValue: name) else {
                        let names = Weekday.allCases.map(\.rawValue).joined(separator: ", ")
                        throw .invalidSchedule(
                            "recurrence.days[\(place)]", "must be one of: \(names)")
                    }
                    return day
                })
        default:
            throw .invalidSchedule("recurrence.rule", "must be `daily` or `weekly`")
        }
    }
}

/// `{"time": "00:30", "duration": "PT5H", "command": "charge"}`, with strings where strings belong.
private struct SlotText {
    private let path: String
    private let time: String
    private let duration: String
    private let command: String

    init(_ object: FieldReader) throws(APIError) {
        var object = object
        path = object.path
        time = try object.string("time")
        duration = try object.string("duration")
        command = try object.string("command")
        try object.finish()
    }

    func value() throws(APIError) -> ScheduleSlot {
        guard command == ChargeCommand.charge.rawValue else {
            throw .commandNotSupportedInSlot(command, field: "\(path).command")
        }
        guard let startMinute = SlotTime.minute(time) else {
            throw .invalidSchedule("\(path).time", "must be a time of day from `00:00` to `23:59`")
        }
        guard let minutes = SlotTime.minutes(duration) else {
            throw .invalidSchedule(
                "\(path).duration",
                "must be an ISO 8601 duration of hours and minutes from `PT1M` to `PT24H`")
        }
        return ScheduleSlot(startMinute: startMinute, durationMinutes: minutes, command: .charge)
    }
}

extension APIError {
    fileprivate static func commandNotSupportedInSlot(
        _ name: String, field: String
    ) -> APIError {
        APIError(
            .commandNotSupported,
            "a slot charges: outside of its slots the charger is idle; `\(field)` is `\(name)`",
            details: ["supportedCommands": ["charge"], "field": .string(field)])
    }
}
