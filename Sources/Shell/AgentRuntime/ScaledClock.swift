import ChargeModel

/// How civil time passes where a night is to pass in a minute.
///
/// A map from real time to simulated time and nothing else: there is no state in it, so that it is the
/// same in every process that is given the same three values, and after a kill.
package struct SimulatedTime: Hashable, Sendable {
    /// The simulated time at ``anchor``.
    package var origin: WallInstant
    /// In real time.
    package var anchor: WallInstant
    /// Simulated seconds in a real one.
    package var scale: Int

    package static let scales = 1...10_000

    /// - Parameter scale: One of ``scales``.
    package init(origin: WallInstant, anchor: WallInstant, scale: Int) {
        precondition(Self.scales.contains(scale), "time cannot pass \(scale) times as fast")
        self.origin = origin
        self.anchor = anchor
        self.scale = scale
    }

    /// 1970-01-01 and the end of 9999, which are as far as civil time goes.
    private static let range: ClosedRange<Int64> = 0...253_402_300_799_999

    package func simulated(at real: WallInstant) -> WallInstant {
        let (scaled, isTooFar) = (real.milliseconds - anchor.milliseconds)
            .multipliedReportingOverflow(by: Int64(scale))
        guard !isTooFar else { return WallInstant(milliseconds: Self.range.upperBound) }
        let milliseconds = origin.milliseconds.addingReportingOverflow(scaled).partialValue
        return WallInstant(
            milliseconds: min(
                max(milliseconds, Self.range.lowerBound), Self.range.upperBound))
    }
}

/// A clock whose civil time is simulated. Only that: what was since boot passes as ever.
///
/// So polls, leases, timeouts, heartbeats and back-off, which guard a wire that is real and a wallbox
/// that answers in real time, stay what they are, while everything that is planned by the clock on the
/// wall comes sooner: schedules, windows, starts at a time of day.
package struct ScaledClock: AgentClock {
    package let time: SimulatedTime
    private let base: any AgentClock

    /// - Parameter base: The real clock.
    package init(_ time: SimulatedTime, over base: any AgentClock) {
        self.time = time
        self.base = base
    }

    package func now() -> TimePoint {
        var now = base.now()
        now.wall = time.simulated(at: now.wall)
        now.isWallTrusted = true
        return now
    }

    package func sleep(until deadline: MonotonicInstant) async throws {
        try await base.sleep(until: deadline)
    }
}
