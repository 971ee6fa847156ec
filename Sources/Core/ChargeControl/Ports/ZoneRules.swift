import ChargeModel

/// The port to what a time zone does to the clock, past and to come.
package protocol ZoneRules: Sendable {
    /// IANA name, such as `Europe/Berlin`.
    var name: String { get }

    /// What the clock on the wall shows at an instant.
    func civil(at instant: WallInstant) -> CivilDateTime

    /// The instant that is meant: in the gap of spring the first valid one after it, in the overlap
    /// of autumn the first of the two (requirement R22).
    ///
    /// - Parameter civil: A day that the calendar has.
    func instant(of civil: CivilDateTime) -> WallInstant
}

/// The port to the zones that this machine knows.
package protocol ZoneDirectory: Sendable {
    /// nil for a name that is no zone here.
    func zone(named name: String) -> (any ZoneRules)?
}
