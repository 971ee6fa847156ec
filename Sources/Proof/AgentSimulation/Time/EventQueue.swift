import ChargeModel

/// What is to happen, ordered by time and, within one instant, by insertion: the same insertions give
/// the same order on every machine.
struct EventQueue<Event> {
    private struct Entry {
        var due: Int64
        var number: UInt64
        var event: Event

        func isBefore(_ other: Entry) -> Bool {
            (due, number) < (other.due, other.number)
        }
    }

    /// A binary heap: every entry is before its two children.
    private var heap: [Entry] = []
    private var inserted: UInt64 = 0

    var count: Int { heap.count }

    mutating func add(_ event: Event, at due: MonotonicInstant) {
        heap.append(Entry(due: due.nanoseconds, number: inserted, event: event))
        inserted += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (event: Event, due: MonotonicInstant)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.event, MonotonicInstant(nanoseconds: first.due))
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
