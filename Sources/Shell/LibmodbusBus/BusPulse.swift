import Synchronization

/// When the bus thread must have finished what it is doing: what a watchdog asks (requirement R27).
final class BusPulse: Sendable {
    /// Nanoseconds of the monotonic clock; `.max` while nothing is being done.
    private let due = Atomic<Int64>(.max)

    func begin(_ deadline: Deadline) {
        due.store(deadline.nanoseconds, ordering: .relaxed)
    }

    func end() {
        due.store(.max, ordering: .relaxed)
    }

    /// Whether the thread is idle, or not later than `grace` past its deadline.
    func isBeating(grace: Duration) -> Bool {
        let due = due.load(ordering: .relaxed)
        guard due != .max else { return true }
        let (seconds, attoseconds) = grace.components
        return Deadline.now - due <= seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
