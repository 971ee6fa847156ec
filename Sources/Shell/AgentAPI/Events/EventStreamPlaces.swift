import Synchronization

/// Bounds how many event streams are open.
final class EventStreamPlaces: Sendable {
    private let maximum: Int
    private let taken = Mutex(0)

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// A place, given back when nobody holds it any more: a response may be dropped before anything
    /// of it was written, and then no code of ours runs. nil when all are taken.
    func take() -> Place? {
        let isFree = taken.withLock { taken in
            guard taken < maximum else { return false }
            taken += 1
            return true
        }
        return isFree ? Place(of: self) : nil
    }

    final class Place: Sendable {
        private let owner: EventStreamPlaces

        fileprivate init(of owner: EventStreamPlaces) {
            self.owner = owner
        }

        deinit {
            owner.taken.withLock { $0 -= 1 }
        }
    }
}
