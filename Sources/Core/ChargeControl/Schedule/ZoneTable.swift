import ChargeModel

/// The rules of a time zone as the list of its changes. What the clock shows for an instant, and
/// which instant a time on the clock means, is worked out here; where the list comes from is left to
/// others.
package struct ZoneTable: ZoneRules, Hashable {
    /// From an instant on, the clock shows so much more than UTC.
    package struct Change: Hashable, Sendable {
        /// Seconds since 1970 in UTC.
        package var at: Int64
        /// Seconds that local time is ahead of UTC, less than a day either way.
        package var offset: Int64

        package init(at: Int64, offset: Int64) {
            self.at = at
            self.offset = offset
        }
    }

    package let name: String
    /// The first holds since ever, whatever its instant says.
    package let changes: [Change]

    /// - Parameters:
    ///   - offset: Seconds ahead of UTC before the first change.
    ///   - changes: In the order of their instants, each instant once.
    package init(name: String, offset: Int64, changes: [Change]) {
        self.name = name
        self.changes = [Change(at: .min, offset: offset)] + changes
    }

    package func civil(at instant: WallInstant) -> CivilDateTime {
        let seconds = instant.milliseconds.quotient(flooredBy: 1_000)
        return CivilDateTime(secondsOf1970: seconds + changes[place(at: seconds)].offset)
    }

    /// The first instant at which the clock shows the time or has passed it, which is all of the
    /// policy in one: where the clock leaps over the time, that is the instant of the leap; where it
    /// shows the time twice, the first. A later time never means an earlier instant.
    package func instant(of civil: CivilDateTime) -> WallInstant {
        let shown = civil.secondsOf1970
        // What ended a day and two hours before, by any clock on Earth, has not shown it.
        var place = place(at: shown - 93_600)
        while place + 1 < changes.count,
            changes[place + 1].at + changes[place].offset <= shown
        {
            place += 1
        }
        let seconds = max(changes[place].at, shown - changes[place].offset)
        return WallInstant(milliseconds: seconds * 1_000)
    }

    /// The change in force: the last that is not after the instant.
    private func place(at seconds: Int64) -> Int {
        var low = 0
        var high = changes.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if changes[middle].at <= seconds { low = middle } else { high = middle }
        }
        return low
    }
}
