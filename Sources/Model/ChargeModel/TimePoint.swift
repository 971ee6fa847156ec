/// An instant of a clock that never steps and counts through suspension, in nanoseconds since boot.
package struct MonotonicInstant: InstantProtocol, Codable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package func advanced(by duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: nanoseconds + duration.nanoseconds)
    }

    package func duration(to other: MonotonicInstant) -> Duration {
        let attoseconds = Int128(other.nanoseconds - nanoseconds) * Duration.attosecondsInNanosecond
        return Duration(attoseconds: attoseconds)
    }

    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Duration {
    /// The whole nanoseconds of a duration of less than 292 years.
    package var nanoseconds: Int64 { Int64(attoseconds / Self.attosecondsInNanosecond) }

    fileprivate static var attosecondsInNanosecond: Int128 { 1_000_000_000 }

    /// The whole milliseconds of a duration, rounded towards zero.
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

/// An instant of civil time in UTC, in milliseconds since 1970.
package struct WallInstant: Hashable, Comparable, Codable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: WallInstant, right: WallInstant) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package func advanced(by duration: Duration) -> WallInstant {
        WallInstant(milliseconds: milliseconds + duration.milliseconds)
    }

    package func duration(to other: WallInstant) -> Duration {
        .milliseconds(other.milliseconds - milliseconds)
    }
}

/// One reading of both clocks, taken once per cycle and passed down.
///
/// Ages, timeouts and ramps use ``monotonic``; what people see and plan uses ``wall``.
package struct TimePoint: Hashable, Codable, Sendable {
    package var monotonic: MonotonicInstant
    package var wall: WallInstant
    /// Whether the wall clock may be believed: a computer without a battery clock starts in the past.
    package var isWallTrusted: Bool

    package init(monotonic: MonotonicInstant, wall: WallInstant, isWallTrusted: Bool = true) {
        self.monotonic = monotonic
        self.wall = wall
        self.isWallTrusted = isWallTrusted
    }

    /// The same moment later, both clocks running alike.
    package func advanced(by duration: Duration) -> TimePoint {
        TimePoint(
            monotonic: monotonic.advanced(by: duration), wall: wall.advanced(by: duration),
            isWallTrusted: isWallTrusted)
    }
}

/// A clock: the real one of the shell, or a test's.
package protocol AgentClock: Sendable {
    func now() -> TimePoint
    /// Waits until the deadline has passed; ends early, throwing, when the task is cancelled.
    func sleep(until deadline: MonotonicInstant) async throws
}
