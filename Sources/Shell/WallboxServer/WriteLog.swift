import ChargeModel
import DeviceProfiles
import WallboxModel

/// One write to one register, as it arrived at the simulator.
package struct WriteLogEntry: Hashable, Sendable {
    package var time: TimePoint
    /// The client's address.
    package var peer: String
    package var access: AccessRecord

    /// The written value in the register's canonical unit, such as milliamperes.
    package var canonical: Int? { access.value?.canonical }
}

/// The last writes, oldest first.
struct WriteLog: Sendable {
    /// How many writes are kept at least.
    static let capacity = 10_000

    private(set) var entries: [WriteLogEntry] = []

    mutating func append(_ entry: WriteLogEntry) {
        entries.append(entry)
        // In bulk, so that an append does not move all of them.
        if entries.count >= Self.capacity * 2 { entries.removeFirst(Self.capacity) }
    }
}
