import ChargeModel
import DequeModule
import NIOConcurrencyHelpers

/// Tells events to every reader, and the kept ones to a reader who comes back.
///
/// Bounds: the last ``kept`` events are kept; a reader may be ``readerBuffer`` events behind (and a
/// returning one ``kept`` more), then its stream ends and it resumes by number.
package final class EventFeed: Sendable {
    /// How many events a returning reader can be given.
    package static let kept = 512
    /// How many events a reader may be behind.
    package static let readerBuffer = 256

    private struct State {
        var next: UInt64 = 1
        var events: Deque<AgentEvent> = []
        var readers: [(id: UInt64, stream: AsyncStream<AgentEvent>.Continuation)] = []
        var nextReader: UInt64 = 0
        var isClosed = false
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package func publish(_ payload: AgentEvent.Payload, charger: ChargerID, at time: WallInstant) {
        let tooSlow = state.withLockedValue { state -> [AsyncStream<AgentEvent>.Continuation] in
            let event = AgentEvent(
                sequence: state.next, at: time, charger: charger, payload: payload)
            state.next += 1
            if state.events.count == Self.kept { state.events.removeFirst() }
            state.events.append(event)
            var tooSlow: [AsyncStream<AgentEvent>.Continuation] = []
            state.readers.removeAll { reader in
                if case .enqueued = reader.stream.yield(event) { return false }
                tooSlow.append(reader.stream)
                return true
            }
            return tooSlow
        }
        // Outside of the lock: a stream that ends takes itself off the list.
        for stream in tooSlow { stream.finish() }
    }

    /// The kept events after a number, then all that follow; nil begins with the next one.
    package func events(after sequence: UInt64?) -> AsyncStream<AgentEvent> {
        let replayed = sequence == nil ? 0 : Self.kept
        let (stream, continuation) = AsyncStream.makeStream(
            of: AgentEvent.self, bufferingPolicy: .bufferingOldest(replayed + Self.readerBuffer))
        let id = state.withLockedValue { state -> UInt64? in
            if let sequence {
                for event in state.events where event.sequence > sequence {
                    continuation.yield(event)
                }
            }
            guard !state.isClosed else { return nil }
            state.nextReader += 1
            state.readers.append((state.nextReader, continuation))
            return state.nextReader
        }
        if let id {
            continuation.onTermination = { [weak self] _ in self?.remove(id) }
        } else {
            continuation.finish()
        }
        return stream
    }

    /// Ends every stream, the later ones too. What has been told is still read.
    package func close() {
        let readers = state.withLockedValue { state in
            state.isClosed = true
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.stream.finish() }
    }

    /// How many streams are open.
    package var readerCount: Int { state.withLockedValue(\.readers.count) }

    private func remove(_ id: UInt64) {
        state.withLockedValue { $0.readers.removeAll { $0.id == id } }
    }
}
