import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

/// Schedules that cannot be kept (requirement R37).
@Suite struct ScheduleInputTests {
    @Test(arguments: [
        ("", "body"), ("[]", "body"), ("{}", "timezone"),
        (ScheduleText.body(timezone: "null"), "timezone"),
        (ScheduleText.body(timezone: "1"), "timezone"),
        (ScheduleText.body(timezone: #""\#(String(repeating: "E", count: 65))""#), "timezone"),
        (ScheduleText.body(recurrence: "null"), "recurrence"),
        (ScheduleText.body(recurrence: #""daily""#), "recurrence"),
        (ScheduleText.body(recurrence: "{}"), "recurrence.rule"),
        (ScheduleText.body(recurrence: #"{"rule":1}"#), "recurrence.rule"),
        (ScheduleText.body(recurrence: #"{"rule":"daily","every":2}"#), "recurrence.every"),
        (ScheduleText.body(recurrence: #"{"rule":"weekly","days":"monday"}"#), "recurrence.days"),
        (
            ScheduleText.body(recurrence: #"{"rule":"weekly","days":["monday",1]}"#),
            "recurrence.days[1]"
        ),
        (ScheduleText.body(recurrence: #"{"rule":"weekly","days":[null]}"#), "recurrence.days[0]"),
        (ScheduleText.body(slots: "null"), "slots"), (ScheduleText.body(slots: "{}"), "slots"),
        (ScheduleText.body(slots: "[1]"), "slots[0]"),
        (ScheduleText.body(slots: "[{}]"), "slots[0].time"),
        (ScheduleText.slot(time: "30"), "slots[0].time"),
        (ScheduleText.slot(time: "null"), "slots[0].time"),
        (ScheduleText.slot(duration: "300"), "slots[0].duration"),
        (ScheduleText.slot(command: "[]"), "slots[0].command"),
        (ScheduleText.slot(command: #""charge","x":1"#), "slots[0].x"),
        (#"{"timezone":"UTC","recurrence":{"rule":"daily"}}"#, "slots"),
        (#"{"timezone":"UTC","slots":[]}"#, "recurrence"),
        (ScheduleText.body(slots: "[]").replacing(#""slots""#, with: #""id":"x","slots""#), "id"),
        (ScheduleText.body(slots: #"[],"slots":[]"#), "slots"),
    ])
    func r37_aBadBodyNamesItsField(_ body: String, _ field: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.put(ScheduleText.path, body)
        #expect(answer.status == 400)
        #expect(try answer.code == "INVALID_REQUEST")
        #expect(try answer.field == field)
        #expect(harness.service.recorded { $0.schedules.isEmpty })
    }

    @Test(arguments: [
        (ScheduleText.body(timezone: #""Europe/Atlantis""#), "timezone"),
        (ScheduleText.body(timezone: #""""#), "timezone"),
        (ScheduleText.body(timezone: #""europe/berlin""#), "timezone"),
        (ScheduleText.body(timezone: #""../../etc/passwd""#), "timezone"),
        (ScheduleText.body(timezone: #""Europe/../UTC""#), "timezone"),
        (ScheduleText.body(timezone: #""UTC\u0000""#), "timezone"),
        (ScheduleText.body(timezone: #""+02:00""#), "timezone"),
        (ScheduleText.body(recurrence: #"{"rule":"monthly"}"#), "recurrence.rule"),
        (ScheduleText.body(recurrence: #"{"rule":"Daily"}"#), "recurrence.rule"),
        (ScheduleText.body(recurrence: #"{"rule":"daily","days":[]}"#), "recurrence.days"),
        (ScheduleText.body(recurrence: #"{"rule":"daily","days":["monday"]}"#), "recurrence.days"),
        (ScheduleText.body(recurrence: #"{"rule":"weekly"}"#), "recurrence.days"),
        (
            ScheduleText.body(recurrence: #"{"rule":"weekly","days":["monday","mon"]}"#),
            "recurrence.days[1]"
        ),
        (
            ScheduleText.body(recurrence: #"{"rule":"weekly","days":["Monday"]}"#),
            "recurrence.days[0]"
        ),
    ])
    func aScheduleThatCannotBeKeptIs422(_ body: String, _ field: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.put(ScheduleText.path, body)
        #expect(answer.status == 422)
        #expect(try answer.code == "INVALID_SCHEDULE")
        #expect(try answer.field == field)
        #expect(harness.service.recorded { $0.schedules.isEmpty })
    }

    @Test(arguments: [
        "", "0:30", "24:00", "00:60", "00:30:00", "0030", "00.30", "-0:30", " 00:30", "00:30 ",
        "12:30pm", "T00:30",
    ])
    func aTimeThatNoClockShowsIs422(_ time: String) async throws {
        let answer = try await APIHarness().put(
            ScheduleText.path, ScheduleText.slot(time: #""\#(time)""#))
        #expect(try answer.code == "INVALID_SCHEDULE")
        #expect(try answer.field == "slots[0].time")
    }

    @Test(arguments: [
        "", "PT", "P", "PT0M", "PT0H", "PT0H0M", "PT1441M", "PT24H1M", "PT25H", "P1D", "PT300S",
        "PT5H0S", "PT1.5H", "PT5", "5H", "pt5h", "PT5M1H", "PT5H5H", "PT-5H", "-PT5H", "+PT5H",
        "PT5H ", "PT1H30", "PTH", "PTM", "PT99999999999999999999M", "P0DT5H",
    ])
    func aDurationOutOfItsFormOrRangeIs422(_ duration: String) async throws {
        let answer = try await APIHarness().put(
            ScheduleText.path, ScheduleText.slot(duration: #""\#(duration)""#))
        #expect(try answer.code == "INVALID_SCHEDULE")
        #expect(try answer.field == "slots[0].duration")
    }

    @Test(arguments: ["idle", "discharge", "Charge", ""])
    func aSlotChargesAndNothingElse(_ command: String) async throws {
        let answer = try await APIHarness().put(
            ScheduleText.path, ScheduleText.slot(command: #""\#(command)""#))
        #expect(answer.status == 422)
        #expect(try answer.code == "COMMAND_NOT_SUPPORTED")
        #expect(
            try answer.details
                == ["supportedCommands": ["charge"], "field": "slots[0].command"])
    }

    @Test(arguments: [
        (ScheduleText.body(slots: "[]"), "slots"),
        (ScheduleText.body(recurrence: #"{"rule":"weekly","days":[]}"#), "recurrence.days"),
        (
            ScheduleText.body(
                recurrence: #"{"rule":"weekly","days":["friday","monday","friday"]}"#),
            "recurrence.days"
        ),
        (
            ScheduleText.body(
                slots: """
                    [{"time":"08:00","duration":"PT1H","command":"charge"},
                     {"time":"06:00","duration":"PT1H","command":"charge"},
                     {"time":"06:30","duration":"PT1H","command":"charge"}]
                    """), "slots[2].time"
        ),
        (
            ScheduleText.body(
                slots: """
                    [{"time":"08:00","duration":"PT1H","command":"charge"},
                     {"time":"20:00","duration":"PT13H","command":"charge"}]
                    """), "slots[1].duration"
        ),
    ])
    func whatTheRulesFindIsNamedAsTheClientWroteIt(
        _ body: String, _ field: String
    ) async throws {
        let harness = APIHarness()
        let answer = try await harness.put(ScheduleText.path, body)
        #expect(answer.status == 422)
        #expect(try answer.code == "INVALID_SCHEDULE")
        #expect(try answer.field == field)
        #expect(try await harness.get(ScheduleText.path).status == 404)
    }

    @Test func aScheduleMustSayThatItIsJSON() async throws {
        let harness = APIHarness()
        let answer = try await harness.ask("PUT", ScheduleText.path, body: ScheduleText.nights)
        #expect(answer.status == 415)
        let large = try await harness.put(
            ScheduleText.path, ScheduleText.nights + String(repeating: " ", count: 65_536))
        #expect(large.status == 413)
    }

    /// Damaged bodies: an answer of the contract, and a 400 names its field.
    @Test func r37_noScheduleMakesTheAgentFail() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let harness = APIHarness.unlimited()
        let good = [
            ScheduleText.nights,
            ScheduleText.body(recurrence: #"{"rule":"weekly","days":["monday","sunday"]}"#),
        ]
        for round in 0..<1500 {
            var bytes = Array(good[round % 2].utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = .random(in: 0x20...0x7E, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[place], at: place)
                }
            }
            let answer = try await harness.put(
                ScheduleText.path, String(decoding: bytes, as: UTF8.self))
            #expect([200, 400, 422].contains(answer.status))
            if answer.status == 400 { #expect(try answer.field != nil) }
        }
    }
}
