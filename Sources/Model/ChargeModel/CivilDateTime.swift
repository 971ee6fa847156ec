/// What a clock on the wall and a calendar show, in a zone that is known from elsewhere. It may name
/// no instant (the hour that spring skips) or two (the one that autumn repeats).
package struct CivilDateTime: Hashable, Comparable, Sendable {
    /// 1970 to 9999.
    package var year: Int
    /// 1 to 12.
    package var month: Int
    /// 1 to 31, as the month has them.
    package var day: Int
    /// Since midnight, 0 to 86,399; there are no leap seconds here.
    package var secondOfDay: Int

    package init(year: Int, month: Int, day: Int, secondOfDay: Int) {
        self.year = year
        self.month = month
        self.day = day
        self.secondOfDay = secondOfDay
    }

    package static func < (left: CivilDateTime, right: CivilDateTime) -> Bool {
        (left.year, left.month, left.day, left.secondOfDay)
            < (right.year, right.month, right.day, right.secondOfDay)
    }
}
