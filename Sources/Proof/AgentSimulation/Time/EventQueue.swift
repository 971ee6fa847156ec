import ChargeModel

/// What is to happen, ordered by time and, within one instant, by insertion: the same insertions give
/// the same order on every machine.
struct EventQueue<Event> {
    /// What is moved about when the queue is put in order; events are large.
    private struct Entry {
        var due: Int64
        var number: UInt64
        /// Of the event.
        var place: Int

        func isBefore(_ other: Entry) -> Bool {
            (due, number) < (other.due, other.number)
        }
    }

    /// A binary heap: every entry is before its two children.
    private var heap: [Entry] = []
    private var events: [Event?] = []
    /// Places of events that have happened.
    private var free: [Int] = []
    private var inserted: UInt64 = 0

    var count: Int { heap.count }

    mutating func add(_ event: Event, at due: MonotonicInstant) {
        let place = free.popLast() ?? events.endIndex
        if place == events.endIndex { events.append(event) } else { events[place] = event }
        heap.append(Entry(due: due.nanoseconds, number: inserted, place: place))
        inserted += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (event: Event, due: MonotonicInstant)? {
        guard let first = heap.first, let event = events[first.place].take() else { return nil }
        free.append(first.place)
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (event, MonotonicInstant(nanoseconds: first.due))
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
