/// Bodies of `PUT /ev-charger/{id}/schedule`.
enum ScheduleText {
    static let path = "/ev-charger/device_ev_001/schedule"
    /// Every night from 00:30 to 05:30.
    static let nights = """
        {"timezone":"Europe/Berlin","recurrence":{"rule":"daily"},
         "slots":[{"time":"00:30","duration":"PT5H","command":"charge"}]}
        """

    static func body(
        timezone: String = #""UTC""#, recurrence: String = #"{"rule":"daily"}"#,
        slots: String = #"[{"time":"00:30","duration":"PT5H","command":"charge"}]"#
    ) -> String {
        #"{"timezone":\#(timezone),"recurrence":\#(recurrence),"slots":\#(slots)}"#
    }

    static func slot(
        time: String = #""00:30""#, duration: String = #""PT5H""#, command: String = #""charge""#
    ) -> String {
        body(slots: #"[{"time":\#(time),"duration":\#(duration),"command":\#(command)}]"#)
    }
}
