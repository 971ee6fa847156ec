import ChargeModel

/// Finds jumps of the wall clock: it moved otherwise than the steady clock (requirement R44).
///
/// Where the kernel's clock is only made to run faster or slower, both move alike; so what shows is a
/// clock that was set. A jump counts once two looks in a row have found it, because a program can be
/// held up between its readings of the two clocks.
package struct ClockWatch: Hashable, Sendable {
    /// What is less may be the unevenness of the readings.
    package static let smallest = Duration.milliseconds(500)
    /// For so long after a jump was told no other is: then all that came are told as one.
    package static let period = Duration.seconds(60)

    /// How far the wall clock was ahead of the steady one, as far as that was told.
    private var lead: Duration
    /// The same as the last look found it, where that is another.
    private var suspected: Duration?
    private var toldAt: MonotonicInstant?

    package init(at now: TimePoint) {
        lead = now.wallLead
    }

    /// To be told both clocks every second or so.
    ///
    /// - Returns: By how much the wall clock has jumped, to a later time if it is positive; nil as
    ///   long as there is nothing new to tell.
    package mutating func look(at now: TimePoint) -> Duration? {
        let found = now.wallLead
        guard Self.isApart(found, lead) else {
            lead = found
            suspected = nil
            return nil
        }
        defer { suspected = found }
        guard let suspected, !Self.isApart(found, suspected) else { return nil }
        if let toldAt, toldAt.duration(to: now.monotonic) < Self.period { return nil }
        defer { lead = found }
        toldAt = now.monotonic
        return found - lead
    }

    private static func isApart(_ first: Duration, _ second: Duration) -> Bool {
        max(first, second) - min(first, second) >= smallest
    }
}

extension TimePoint {
    fileprivate var wallLead: Duration {
        .milliseconds(wall.milliseconds) - .nanoseconds(monotonic.nanoseconds)
    }
}
