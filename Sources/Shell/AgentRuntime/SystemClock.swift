import CLinux
import ChargeModel
import Glibc

/// The computer's clocks: since boot, suspension included, and civil time.
package struct SystemClock: AgentClock {
    /// Whether civil time may be believed.
    package enum Trust: String, Sendable, CaseIterable {
        /// As the kernel says: synchronised or not.
        case auto
        /// Always: containers and test machines are never synchronised as far as the kernel knows.
        case trusted
    }

    private let trust: Trust

    package init(trust: Trust) {
        self.trust = trust
    }

    package func now() -> TimePoint {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return TimePoint(
            monotonic: MonotonicInstant(nanoseconds: evse_boottime_ns()),
            wall: WallInstant(
                milliseconds: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000),
            isWallTrusted: trust == .trusted || evse_kernel_clock_synchronised() == 1)
    }

    package func sleep(until deadline: MonotonicInstant) async throws {
        let now = MonotonicInstant(nanoseconds: evse_boottime_ns())
        let wait = now.duration(to: deadline)
        guard wait > .zero else { return try Task.checkCancellation() }
        try await Task.sleep(for: wait, tolerance: .zero, clock: .continuous)
    }
}
