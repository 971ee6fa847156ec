import Synchronization

/// Bounds how many event streams are open, in all and from one source address.
final class EventStreamPlaces: Sendable {
    private let maximum: Int
    private let maximumPerSource: Int
    /// Open streams by source; a source without any is not there.
    private let taken = Mutex<[String: Int]>([:])

    init(maximum: Int, perSource: Int) {
        self.maximum = maximum
        maximumPerSource = perSource
    }

    /// A place, given back when nobody holds it any more: a response may be dropped before anything
    /// of it was written, and then no code of ours runs. nil when all are taken.
    func take(for source: String) -> Place? {
        let isFree = taken.withLock { taken in
            let ofSource = taken[source, default: 0]
            guard ofSource < maximumPerSource, taken.values.reduce(0, +) < maximum else {
                return false
            }
            taken[source] = ofSource + 1
            return true
        }
        return isFree ? Place(of: self, source: source) : nil
    }

    private func giveBack(_ source: String) {
        taken.withLock { taken in
            let left = taken[source, default: 1] - 1
            taken[source] = left > 0 ? left : nil
        }
    }

    final class Place: Sendable {
        private let owner: EventStreamPlaces
        private let source: String

        fileprivate init(of owner: EventStreamPlaces, source: String) {
            self.owner = owner
            self.source = source
        }

        deinit {
            owner.giveBack(source)
        }
    }
}
