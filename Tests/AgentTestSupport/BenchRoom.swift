/// How many benches with links and peers there are at a time. All tests begin at once, each bench takes
/// up to 16 descriptors of the process, and libmodbus takes none from 1,024 on.
package actor BenchRoom {
    package static let shared = BenchRoom(places: 16)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(places: Int) { free = places }

    package func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    package func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}
