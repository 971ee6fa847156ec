import ChargeModel

/// An instant of civil time that something waits for, on a computer whose clock may step or not be
/// believed. It is remembered by the steady clock as well, as long as the wall clock is trusted.
package struct WallDue: Hashable, Codable, Sendable {
    package let wall: WallInstant
    /// Where it lies on the steady clock, as far as the wall clock was trusted last.
    private var steady: MonotonicInstant?

    /// A hundred years, beyond which nothing has to be told apart: a computer's clock may show any year.
    private static let farthest = Duration.seconds(100 * 31_557_600)

    package init(_ wall: WallInstant, at now: TimePoint) {
        self.wall = wall
        follow(now)
    }

    /// To be told with every tick: a wall clock that steps moves what waits for it.
    package mutating func follow(_ now: TimePoint) {
        guard now.isWallTrusted else { return }
        let wait = now.wall.duration(to: wall)
        steady = now.monotonic.advanced(by: min(max(wait, .zero - Self.farthest), Self.farthest))
    }

    /// nil while that is not known: the wall clock has not been trusted since start.
    package func isDue(at now: TimePoint) -> Bool? {
        if now.isWallTrusted { return now.wall >= wall }
        return steady.map { now.monotonic >= $0 }
    }

    /// By the wall clock as it is trusted now, never by what was remembered: for what moves current
    /// upwards (requirement R21).
    package func isDueForCertain(at now: TimePoint) -> Bool {
        now.isWallTrusted && now.wall >= wall
    }
}
