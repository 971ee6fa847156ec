import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@Suite("A zone as a table of its changes")
struct ZoneTableTests {
    /// What the clock shows around both changes of 2026, and what the times there mean.
    @Test(
        "R22: the gap means its end, the overlap its first half",
        arguments: [
            // Local time, the instant that it means, what the clock shows then.
            (TestZones.berlin, "2026-03-29T01:59:59", "2026-03-29T00:59:59", nil),
            (TestZones.berlin, "2026-03-29T02:00:00", "2026-03-29T01:00:00", "2026-03-29T03:00:00"),
            (TestZones.berlin, "2026-03-29T02:30:00", "2026-03-29T01:00:00", "2026-03-29T03:00:00"),
            (TestZones.berlin, "2026-03-29T03:00:00", "2026-03-29T01:00:00", nil),
            (TestZones.berlin, "2026-10-25T01:59:59", "2026-10-24T23:59:59", nil),
            (TestZones.berlin, "2026-10-25T02:00:00", "2026-10-25T00:00:00", nil),
            (TestZones.berlin, "2026-10-25T02:59:59", "2026-10-25T00:59:59", nil),
            (TestZones.berlin, "2026-10-25T03:00:00", "2026-10-25T02:00:00", nil),
            (
                TestZones.lordHowe, "2026-10-04T02:10:00", "2026-10-03T15:30:00",
                "2026-10-04T02:30:00"
            ),
            (TestZones.lordHowe, "2026-04-05T01:45:00", "2026-04-04T14:45:00", nil),
            (TestZones.kolkata, "2026-03-29T02:30:00", "2026-03-28T21:00:00", nil),
        ] as [(ZoneTable, String, String, String?)])
    func timesMean(zone: ZoneTable, local: String, utc: String, shown: String?) throws {
        let meant = try #require(CivilDateTime(local))
        let instant = zone.instant(of: meant)
        #expect(TestZones.utc.civil(at: instant).description == utc)
        #expect(zone.civil(at: instant).description == shown ?? local)
    }

    @Test("R22: a time means the first instant at which the clock shows it or has passed it")
    func meaningIsTheFirstInstant() {
        for zone in TestZones.all {
            // Half-hours, so that all changes are on the grid, of two years.
            let instants = (0..<2 * 17_520).map {
                WallInstant(milliseconds: 1_767_225_600_000 + Int64($0) * 1_800_000)
            }
            var latest = zone.civil(at: WallInstant(milliseconds: 1_767_225_599_000))
            for instant in instants {
                let civil = zone.civil(at: instant)
                let meant = zone.instant(of: civil)
                #expect(meant <= instant)
                #expect(zone.civil(at: meant) == civil)
                // Shown for the first time, or again.
                let isNew = civil > latest
                #expect((meant == instant) == isNew, "\(zone.name) \(civil)")
                latest = max(latest, civil)
            }
        }
    }

    @Test func aDayThatAZoneLeapsOverMeansTheNext() throws {
        // Apia went from the evening of 29 December 2011 to the morning of the 31st.
        let apia = ZoneTable(
            name: "Pacific/Apia", offset: -36_000,
            changes: [ZoneTable.Change(at: 1_325_239_200, offset: 50_400)])
        for text in ["2011-12-30T00:00:00", "2011-12-30T23:59:59", "2011-12-31T00:00:00"] {
            let instant = apia.instant(of: try #require(CivilDateTime(text)))
            #expect(apia.civil(at: instant).description == "2011-12-31T00:00:00")
        }
    }

    @Test func partsOfASecondBelongToTheSecondThatTheyAreIn() {
        #expect(
            TestZones.utc.civil(at: WallInstant(milliseconds: -1)).description
                == "1969-12-31T23:59:59")
        #expect(
            TestZones.utc.civil(at: WallInstant(milliseconds: 999)).description
                == "1970-01-01T00:00:00")
    }
}
