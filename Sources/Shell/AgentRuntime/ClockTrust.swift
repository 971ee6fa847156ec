import ChargeModel

/// Whether civil time may be believed, on a computer that may have no battery clock: schedules and
/// starts at a time of day wait until it may (requirement R21).
///
/// | kernel says synchronised | battery clock agreed at start | not before build and last use | |
/// | --- | --- | --- | --- |
/// | yes | | | trusted |
/// | no | yes | yes | trusted |
/// | no | yes | no | not trusted |
/// | no | no | | not trusted |
///
/// A synchronised clock is believed even where it is before the last use: then the last use was in a
/// wrong time, and waiting for it could take years.
package struct ClockTrust: Hashable, Sendable {
    /// The battery kept the time: one of the battery clocks and the system's agreed.
    private let hasKeptTime: Bool
    /// An instant that has passed for certain.
    private let floor: WallInstant?

    /// How far battery clock and system clock may be apart. They drift apart by seconds a day where
    /// nothing sets them. A computer that was given its time by something else, such as the instant
    /// that it last saw before it was switched off, is further away from its battery clock.
    package static let tolerance = Duration.seconds(300)

    /// - Parameters:
    ///   - batteryClocks: What the battery clocks showed when the agent started; a clock that lost
    ///     its battery shows nothing, or a time long past.
    ///   - wall: What the system's clock showed then.
    ///   - lastUse: The latest instant in the store; nil if the store has none.
    ///   - build: When the program was built; nil where that is not known.
    package init(
        batteryClocks: [WallInstant], wall: WallInstant, lastUse: WallInstant?,
        build: WallInstant?
    ) {
        hasKeptTime = batteryClocks.contains { battery in
            abs(battery.milliseconds - wall.milliseconds) <= Self.tolerance.milliseconds
        }
        floor = [lastUse, build].compactMap(\.self).max()
    }

    /// - Parameter isSynchronised: What the kernel says of its clock now.
    package func trusts(_ wall: WallInstant, isSynchronised: Bool) -> Bool {
        if isSynchronised { return true }
        guard hasKeptTime else { return false }
        return floor.map { $0 <= wall } ?? true
    }
}
