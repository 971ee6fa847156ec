import Synchronization

/// Bounds how many event streams are open.
final class EventStreamCounter: Sendable {
    private let maximum: Int
    private let open = Mutex(0)

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Takes a place.
    ///
    /// - Returns: Whether there was one; then ``leave()`` gives it back.
    func enter() -> Bool {
        open.withLock { open in
            guard open < maximum else { return false }
            open += 1
            return true
        }
    }

    func leave() {
        open.withLock { $0 -= 1 }
    }
}
