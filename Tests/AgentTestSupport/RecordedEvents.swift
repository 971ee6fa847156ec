import ChargeControl

/// The log of security and safety events, in memory.
package final class RecordedEvents: EventLog {
    private let events = Locked<[SecurityEvent]>([])

    package init() {}

    package func record(_ event: SecurityEvent) async {
        events.withLock { $0.append(event) }
    }

    /// What was recorded, oldest first.
    package var all: [SecurityEvent] { events.withLock { $0 } }
    package var kinds: [SecurityEvent.Kind] { all.map(\.kind) }
}
