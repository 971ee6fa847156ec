import ChargeControl
import ChargeModel
import Synchronization

/// An agent as a script: a scene that readers see, answers that writers get, and a record of what was
/// asked. Its clock stands still until a test moves it, but for a step between two readings.
final class FakeAgentService: AgentService {
    struct State {
        var view: AgentView
        var now: TimePoint
        /// How far the clock goes on with every reading.
        var step: Duration
        var actions: [Action] = []
        /// What the next writes and store reads end in.
        var refusal: RequestRefusal?
        var pushed: [ActionRequest] = []
        var changed: [SettingsRequest] = []
        var cancelled: [Action.ID] = []
        var schedules: [ScheduleRequest] = []
        /// What was answered under a client's key, by scope and key.
        var answers: [AnswerUnderKey] = []
        var queries: [ActionQuery] = []
        var refreshed: [(charger: ChargerID, bound: Duration)] = []
        /// What a refresh finds.
        var viewAfterRefresh: AgentView?
        var readiness: Readiness
        var resumedAfter: [UInt64?] = []
        var listeners: [AsyncStream<AgentEvent>.Continuation] = []
        /// What a resuming reader gets first.
        var kept: [AgentEvent] = []
    }

    struct AnswerUnderKey {
        var key: IdempotencyKey
        var action: Action.ID?
        var schedule: RecurringSchedule?
    }

    let state: Mutex<State>

    init(
        view: AgentView, now: TimePoint, step: Duration = .zero,
        readiness: Readiness = Scene.readiness
    ) {
        state = Mutex(State(view: view, now: now, step: step, readiness: readiness))
    }

    func set(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    func recorded<Value: Sendable>(_ read: (State) -> Value) -> Value {
        state.withLock { read($0) }
    }

    func announce(_ events: AgentEvent...) {
        state.withLock { state in
            for event in events {
                state.kept.append(event)
                for listener in state.listeners { listener.yield(event) }
            }
        }
    }

    func endStreams() {
        state.withLock { state in
            for listener in state.listeners { listener.finish() }
        }
    }

    // MARK: AgentService

    var view: AgentView { state.withLock { $0.view } }

    func now() -> TimePoint {
        state.withLock { state in
            defer { state.now = state.now.advanced(by: state.step) }
            return state.now
        }
    }

    /// Actions of this agent are done at once, but for scheduled ones: those stay, and are in the way
    /// of the next.
    func push(_ request: ActionRequest) async throws(RequestRefusal) -> Action {
        try refuse()
        return try state.withLock { state throws(RequestRefusal) in
            state.pushed.append(request)
            if let earlier = try state.answer(under: request.idempotency)?.action {
                return try state.action(earlier)
            }
            try state.settleConflict(request)
            let now = state.now.wall
            var action = Action(
                id: Action.ID("action_fake\(state.pushed.count)"), charger: request.charger,
                command: request.command, state: .acknowledged, createdAt: now,
                sandbox: request.sandbox)
            if let timing = request.timing {
                action.state = .scheduled
                action.start = timing.start
                action.end = timing.end
            } else {
                action.acknowledgedAt = now
            }
            state.actions.insert(action, at: 0)
            if let key = request.idempotency {
                state.answers.append(AnswerUnderKey(key: key, action: action.id))
            }
            return action
        }
    }

    func earlierAction(under key: IdempotencyKey) async throws(RequestRefusal) -> Action? {
        try refuse()
        return try state.withLock { state throws(RequestRefusal) in
            guard let earlier = try state.answer(under: key)?.action else { return nil }
            return try state.action(earlier)
        }
    }

    func change(_ request: SettingsRequest) async throws(RequestRefusal) {
        try refuse()
        state.withLock { $0.changed.append(request) }
    }

    func cancel(_ id: Action.ID, of charger: ChargerID) async throws(RequestRefusal) -> Action {
        try refuse()
        return try state.withLock { state throws(RequestRefusal) in
            let action = try state.action(id)
            guard action.state == .scheduled else { throw .notCancellable(action.state.name) }
            state.cancelled.append(id)
            state.cancel(id)
            return try state.action(id)
        }
    }

    func action(_ id: Action.ID) async throws(RequestRefusal) -> Action? {
        try refuse()
        return state.withLock { state in state.actions.first { $0.id == id } }
    }

    func actions(_ query: ActionQuery) async throws(RequestRefusal) -> ActionPage {
        try refuse()
        return state.withLock { state in
            state.queries.append(query)
            let matching = state.actions.filter { action in
                query.chargers.contains(action.charger)
                    && (query.state.map { $0 == action.state.name } ?? true)
            }
            return ActionPage(
                actions: Array(matching.dropFirst(query.offset).prefix(query.limit)),
                total: matching.count)
        }
    }

    func refresh(_ charger: ChargerID, within bound: Duration) async {
        state.withLock { state in
            state.refreshed.append((charger, bound))
            if let view = state.viewAfterRefresh { state.view = view }
        }
    }

    func events(after sequence: UInt64?) -> AsyncStream<AgentEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AgentEvent.self, bufferingPolicy: .bufferingOldest(256))
        state.withLock { state in
            state.resumedAfter.append(sequence)
            if let sequence {
                for event in state.kept where event.sequence > sequence {
                    continuation.yield(event)
                }
            }
            state.listeners.append(continuation)
        }
        return stream
    }

    func readiness() async -> Readiness {
        state.withLock { $0.readiness }
    }

    func refuse() throws(RequestRefusal) {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
    }
}
