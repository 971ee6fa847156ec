import ChargeControl
import ChargeModel

/// The zones of requirement R22, 2020 to 2040, from the text of their laws: no zone database is
/// asked.
package enum TestZones {
    package static let utc = ZoneTable(name: "UTC", offset: 0, changes: [])

    package static let berlin = ZoneTable(
        name: "Europe/Berlin", standard: 3_600, summer: 7_200,
        begins: europeanSpring, ends: europeanAutumn)

    package static let london = ZoneTable(
        name: "Europe/London", standard: 0, summer: 3_600,
        begins: europeanSpring, ends: europeanAutumn)

    /// 2:00 standard time, both ways.
    package static let sydney = ZoneTable(
        name: "Australia/Sydney", standard: 36_000, summer: 39_600,
        begins: { sunday(1, of: 10, $0) + 7_200 - 36_000 },
        ends: { sunday(1, of: 4, $0) + 7_200 - 36_000 })

    /// 2:00 by the clock, both ways, and half an hour.
    package static let lordHowe = ZoneTable(
        name: "Australia/Lord_Howe", standard: 37_800, summer: 39_600,
        begins: { sunday(1, of: 10, $0) + 7_200 - 37_800 },
        ends: { sunday(1, of: 4, $0) + 7_200 - 39_600 })

    package static let kolkata = ZoneTable(name: "Asia/Kolkata", offset: 19_800, changes: [])

    package static let all = [berlin, london, sydney, lordHowe, kolkata]

    /// Directive 2000/84/EC: the last Sunday of March and of October, at 1:00 UTC.
    private static func europeanSpring(_ year: Int) -> Int64 { lastSunday(of: 3, year) + 3_600 }
    private static func europeanAutumn(_ year: Int) -> Int64 { lastSunday(of: 10, year) + 3_600 }

    /// The midnight with which a month's last Sunday begins, as if in UTC. Both months have 31 days.
    private static func lastSunday(of month: Int, _ year: Int) -> Int64 {
        sunday(onOrAfter: CivilDateTime(year: year, month: month, day: 25, secondOfDay: 0))
    }

    private static func sunday(_ number: Int, of month: Int, _ year: Int) -> Int64 {
        sunday(
            onOrAfter: CivilDateTime(
                year: year, month: month, day: number * 7 - 6, secondOfDay: 0))
    }

    private static func sunday(onOrAfter date: CivilDateTime) -> Int64 {
        var date = date
        while date.weekday != .sunday { date.day += 1 }
        return date.secondsOf1970
    }
}

extension ZoneTable {
    fileprivate init(
        name: String, standard: Int64, summer: Int64, begins: (Int) -> Int64,
        ends: (Int) -> Int64
    ) {
        let changes = (2020...2040).flatMap { year in
            [
                Change(at: begins(year), offset: summer),
                Change(at: ends(year), offset: standard),
            ]
        }.sorted { $0.at < $1.at }
        // In the south 2020 begins in summer.
        let offset = changes.first?.offset == summer ? standard : summer
        self.init(name: name, offset: offset, changes: changes)
    }
}
