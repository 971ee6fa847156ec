import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// The zones of Foundation against the zone database of the machine, as Python reads it.
@Suite("R22: zones agree with an independent source, 2026 to 2036")
struct R22ZoneTests {
    private static let years = 2026...2036
    private static let names = [
        "Europe/Berlin", "Europe/London", "Australia/Sydney", "Australia/Lord_Howe",
        "Asia/Kolkata",
    ]

    @Test("R22: clocks are set at the same instants, by the same amount")
    func changes() throws {
        let witness = try ZoneWitness.ask(Self.names, years: Self.years)
        for name in Self.names {
            let zone = try #require(SystemZones().zone(named: name) as? ZoneTable)
            let changes = zone.changes.filter {
                WallInstant(milliseconds: 1_767_225_600_000).milliseconds / 1_000 < $0.at
                    && $0.at < 2_114_380_800
            }.map { ZoneWitness.Change(zone: name, at: $0.at, offset: $0.offset) }
            #expect(changes == witness.changes.filter { $0.zone == name })
            #expect(changes.count == (name == "Asia/Kolkata" ? 0 : 2 * Self.years.count))
        }
    }

    @Test("R22: eight cases a year in five zones mean the same instant")
    func meanings() throws {
        let witness = try ZoneWitness.ask(Self.names, years: Self.years)
        #expect(witness.meanings.count == 8 * Self.names.count * Self.years.count)
        let zones = SystemZones()
        for meaning in witness.meanings {
            let zone = try #require(zones.zone(named: meaning.zone))
            let instant = zone.instant(of: meaning.local)
            #expect(
                instant == meaning.instant, "\(meaning.zone) \(meaning.place) \(meaning.local)")
            // What the clock then shows: the time, or the end of the gap that leaps over it.
            let isSkipped = zone.civil(at: instant) != meaning.local
            let isInGap = ["first-of-gap", "middle-of-gap"].contains(meaning.place)
            #expect(isSkipped == (isInGap && meaning.zone != "Asia/Kolkata"))
        }
    }

    @Test("R22: days have 23, 24 or 25 hours, and half an hour more or less on Lord Howe")
    func days() throws {
        let witness = try ZoneWitness.ask(Self.names, years: Self.years)
        let zones = SystemZones()
        for day in witness.days {
            let zone = try #require(zones.zone(named: day.zone))
            var following = CivilDateTime(dayOf1970: day.midnight.dayOf1970 + 1, secondOfDay: 0)
            following.secondOfDay = 0
            let length = zone.instant(of: day.midnight).duration(
                to: zone.instant(of: following))
            #expect(length == day.length, "\(day.zone) \(day.midnight)")
        }
        for name in Self.names {
            let unusual = witness.days.filter { $0.zone == name && $0.length != .seconds(86_400) }
            let hours = unusual.map { Double($0.length / .seconds(3_600)) }.sorted()
            let expected: [Double] =
                switch name {
                case "Asia/Kolkata": []
                case "Australia/Lord_Howe": [23.5, 24.5]
                default: [23, 25]
                }
            #expect(Array(Set(hours)).sorted() == expected)
            #expect(hours.count == expected.count * Self.years.count)
        }
    }

    @Test("R22: the zones of the pure tests are those of the machine")
    func testZones() throws {
        let zones = SystemZones()
        for pure in TestZones.all {
            let real = try #require(zones.zone(named: pure.name) as? ZoneTable)
            func changes(of zone: ZoneTable) -> [ZoneTable.Change] {
                zone.changes.filter { 1_577_836_800 < $0.at && $0.at < 2_240_524_800 }
            }
            #expect(changes(of: pure) == changes(of: real))
        }
    }

    @Test(arguments: [
        "", "Mars/Olympus", "europe/berlin", "GMT+0530", "GMT+5", "BST", "PDT", "+01:00", "Berlin",
        "/usr/share/zoneinfo/Europe/Berlin", "Europe", "Europe/Berlin ", "../zoneinfo/UTC",
    ])
    func whatIsNoZoneIsNotFound(name: String) {
        #expect(SystemZones().zone(named: name) == nil)
    }

    @Test(arguments: [
        "UTC", "Asia/Calcutta", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT",
    ])
    func olderAndOtherNamesAreZonesToo(name: String) {
        #expect(SystemZones().zone(named: name)?.name == name)
    }
}
