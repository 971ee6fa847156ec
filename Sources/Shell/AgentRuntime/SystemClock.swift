import CLinux
import ChargeModel
import Glibc

/// The computer's clocks: since boot, suspension included, and civil time.
package struct SystemClock: AgentClock {
    /// Whether civil time may be believed.
    package enum Trust: String, Sendable, CaseIterable {
        /// As ``ClockTrust`` says.
        case auto
        /// Always: containers and test machines are never synchronised as far as the kernel knows.
        case trusted
    }

    /// nil: always trusted.
    private let trust: ClockTrust?

    /// - Parameter lastUse: The latest instant in the store, before which it cannot be now.
    package init(trust: Trust, lastUse: WallInstant? = nil) {
        switch trust {
        case .trusted: self.trust = nil
        case .auto:
            self.trust = ClockTrust(
                batteryClocks: BatteryClock.readings(), wall: Self.wall, lastUse: lastUse,
                build: Self.build)
        }
    }

    package func now() -> TimePoint {
        let wall = Self.wall
        let isTrusted = trust?.trusts(
            wall, isSynchronised: evse_kernel_clock_synchronised() == 1)
        return TimePoint(
            monotonic: MonotonicInstant(nanoseconds: evse_boottime_ns()), wall: wall,
            isWallTrusted: isTrusted ?? true)
    }

    package func sleep(until deadline: MonotonicInstant) async throws {
        let now = MonotonicInstant(nanoseconds: evse_boottime_ns())
        let wait = now.duration(to: deadline)
        guard wait > .zero else { return try Task.checkCancellation() }
        try await Task.sleep(for: wait, tolerance: .zero, clock: .continuous)
    }

    private static var wall: WallInstant {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return WallInstant(wall)
    }

    /// When the program that runs was made: the time of its file, which packages keep.
    static var build: WallInstant? {
        var file = stat()
        guard stat("/proc/self/exe", &file) == 0 else { return nil }
        return WallInstant(file.st_mtim)
    }
}

extension WallInstant {
    fileprivate init(_ time: timespec) {
        self.init(
            milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
