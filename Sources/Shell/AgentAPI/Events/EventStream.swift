import AsyncAlgorithms
import ChargeControl
import ChargeModel
import HummingbirdCore
import NIOCore
import ServiceLifecycle

/// One open stream of server-sent events, from its first byte to its last.
///
/// It ends when its key is no longer good, when the agent says so (a reader too slow for its bounded
/// buffer, or the end of the agent), on shutdown, or with its connection, whose task is then cancelled.
/// The client comes back with `Last-Event-ID`.
struct EventStream: Sendable {
    let service: any AgentService
    let keys: KeyRing
    let exchange: Exchange
    /// Taken when the request was answered, so that nothing is lost before the first byte.
    let events: AsyncStream<AgentEvent>
    let chargers: Set<ChargerID>
    let run: String
    let keyCheck: Duration
    let comment: Duration
    let place: EventStreamPlaces.Place

    private enum Signal: Sendable {
        case event(AgentEvent)
        case tick
        case ended
    }

    var body: ResponseBody {
        ResponseBody { writer in
            try await pump(into: &writer)
            try await writer.finish(nil)
        }
    }

    @concurrent private func pump(into writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: ": events of evse-agent\nretry: 2000\n\n"))
        let told = chain(events.map { Signal.event($0) }, [Signal.ended].async)
        let ticks = AsyncTimerSequence(interval: keyCheck, clock: .continuous)
            .map { _ in Signal.tick }
        var silence = Duration.zero
        for await signal in merge(told, ticks).cancelOnGracefulShutdown() {
            let now = service.now()
            guard keys.isValid(exchange.key, at: now.wall) else { return }
            switch signal {
            case .ended:
                return
            case .tick:
                silence += keyCheck
                guard silence >= comment else { continue }
                silence = .zero
                try await writer.write(ByteBuffer(string: ": still here\n\n"))
            case .event(let event):
                guard chargers.contains(event.charger) else { continue }
                try await writer.write(text(of: event, at: now.monotonic))
            }
        }
    }

    private func text(of event: AgentEvent, at now: MonotonicInstant) -> ByteBuffer {
        let id = EventID(run: run, sequence: event.sequence)
        var buffer = ByteBuffer(string: "id: \(id)\nevent: \(event.name)\ndata: ")
        buffer.writeBytes(event.json(at: now).utf8)
        buffer.writeStaticString("\n\n")
        return buffer
    }
}
