import ChargeControl
import ChargeModel
import Foundation
import NIOConcurrencyHelpers

/// The time zones that Foundation knows, with their changes from 1970 to 2099.
///
/// A zone's changes are listed once, when it is first asked for (up to 5 ms); from then on nothing of
/// Foundation is in the way of the control loop.
package final class SystemZones: ZoneDirectory {
    /// Grows by the zones that somebody names, of which there are some hundreds, 4 kB each.
    private let tables = NIOLockedValueBox<[String: ZoneTable]>([:])

    package init() {}

    /// - Parameter name: The IANA name of a zone; what Foundation else takes for one, such as
    ///   `GMT+0530`, is none here.
    package func zone(named name: String) -> (any ZoneRules)? {
        tables.withLockedValue { tables in
            if let table = tables[name] { return table }
            let table = ZoneTable(system: name)
            tables[name] = table
            return table
        }
    }
}

extension ZoneTable {
    /// 2100-01-01 in UTC. The rules of a zone are never known for so long.
    private static let lastChange: TimeInterval = 4_102_444_800

    /// A zone of this machine; nil if there is none of this name.
    fileprivate init?(system name: String) {
        // Foundation calls UTC GMT, and takes other spellings for zones too.
        guard Self.isIANA(name), let zone = TimeZone(identifier: name),
            [name, "GMT"].contains(zone.identifier)
        else { return nil }
        var changes: [Change] = []
        var date = Date(timeIntervalSince1970: 0)
        let offset = zone.secondsFromGMT(for: date)
        // Not only for daylight saving: whenever the zone's clocks are set.
        while let next = zone.nextDaylightSavingTimeTransition(after: date),
            next > date, next.timeIntervalSince1970 < Self.lastChange
        {
            changes.append(
                Change(
                    at: Int64(next.timeIntervalSince1970.rounded()),
                    offset: Int64(zone.secondsFromGMT(for: next))))
            date = next
        }
        self.init(name: name, offset: Int64(offset), changes: changes)
    }

    /// Three letters that name a zone. Foundation knows others, which people mean otherwise: its BST is
    /// the time of Bangladesh.
    private static let threeLetters = [
        "CET", "EET", "EST", "GMT", "HST", "MET", "MST", "PRC", "ROC", "ROK", "UCT", "UTC", "WET",
    ]

    private static func isIANA(_ name: String) -> Bool {
        if name.contains("/") { return true }
        return name.utf8.count == 3 ? threeLetters.contains(name) : !name.hasPrefix("GMT")
    }
}
