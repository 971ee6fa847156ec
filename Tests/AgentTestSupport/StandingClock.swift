import ChargeModel

/// A clock that stands until a test moves it, for what never sleeps.
package final class StandingClock: AgentClock {
    private let time = Locked(
        TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000),
            wall: WallInstant(milliseconds: 1_780_000_000_000)))

    package init() {}

    package func now() -> TimePoint { time.withLock { $0 } }

    package func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }

    /// What would sleep is told at once that it may not.
    package func sleep(until deadline: MonotonicInstant) async throws {
        throw CancellationError()
    }
}
