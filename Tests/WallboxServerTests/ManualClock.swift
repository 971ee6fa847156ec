import ChargeModel
import Synchronization

/// A clock that stands still until a test moves it.
final class ManualClock: AgentClock {
    private let time = Mutex(
        TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000),
            wall: WallInstant(milliseconds: 1_780_000_000_000)))

    func now() -> TimePoint { time.withLock { $0 } }

    func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }

    /// Nothing in this target sleeps; what would, is told at once that it may not.
    func sleep(until deadline: MonotonicInstant) async throws { throw CancellationError() }
}
