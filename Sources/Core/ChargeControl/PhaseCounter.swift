import ChargeModel

/// How many phases a vehicle uses, for turning a power into a current per phase.
///
/// More phases count at once, since they mean more power; fewer count after a while, since a
/// measurement may be late. Unknown means all phases of the installation.
package struct PhaseCounter: Hashable, Codable, Sendable {
    private let installed: Int
    private let fall: Duration
    /// What counts now.
    package private(set) var phases: Int
    private var fewer: Fewer?

    /// Fewer phases than count now have been in use since a moment, and at most this many.
    private struct Fewer: Hashable, Codable, Sendable {
        var since: MonotonicInstant
        var most: Int
    }

    /// A phase with less than this carries nothing but noise.
    private static let inUse = Milliamperes(500)

    package init(installed: Int, fall: Duration) {
        self.installed = installed
        self.fall = fall
        phases = installed
    }

    /// - Parameters:
    ///   - currents: The currents measured while energy flows; empty when it does not, or when they
    ///     are not known.
    ///   - available: The phases that are switched through, where that is known.
    package mutating func measured(
        _ currents: [Milliamperes], available: Int? = nil, at now: MonotonicInstant
    ) {
        let used = currents.filter { $0 >= Self.inUse }.count
        guard used > 0, used < phases else {
            phases = min(used > 0 ? used : available ?? installed, installed)
            fewer = nil
            return
        }
        let since = fewer?.since ?? now
        let most = max(fewer?.most ?? used, used)
        if since.duration(to: now) >= fall {
            phases = most
            fewer = nil
        } else {
            fewer = Fewer(since: since, most: most)
        }
    }
}
