import ChargeControl
import ChargeModel
import DequeModule

/// What waits to be told to one control engine: taken one at a time, each to its end, commits
/// included, so that nothing overtakes a commit.
///
/// Bounds: one tick, one snapshot (the newest), ``maximumRequests`` requests.
struct ControlDesk {
    /// Requests that may wait; one more is answered "busy".
    static let maximumRequests = 32

    enum Input {
        case request(Request)
        case snapshot(ChargerSnapshot)
        case tick
    }

    /// A client's request and where its answer goes.
    struct Request {
        var id: RequestID
        var order: Order
        var receivedAt: TimePoint
        var answer: CheckedContinuation<Result<AcceptedRequest, RequestRefusal>, Never>

        enum Order {
            case push(ActionRequest)
            case change(SettingsRequest)
            case cancel(Action.ID)
            /// nil removes the schedule.
            case schedule(RecurringSchedule?, IdempotencyKey?)
        }

        var idempotency: IdempotencyKey? {
            switch order {
            case .push(let push): push.idempotency
            case .change(let change): change.idempotency
            case .cancel: nil
            case .schedule(_, let key): key
            }
        }

        /// - Precondition: The request has not been answered before.
        func refuse(_ refusal: RequestRefusal) {
            answer.resume(returning: .failure(refusal))
        }
    }

    private enum Tick {
        case none, due
        /// Due for a whole period or longer.
        case overdue
    }

    private var requests = Deque<Request>()
    private var snapshot: ChargerSnapshot?
    private var tick = Tick.none

    /// - Returns: Whether there was room for it.
    mutating func add(_ request: Request) -> Bool {
        guard requests.count < Self.maximumRequests else { return false }
        requests.append(request)
        return true
    }

    mutating func add(_ snapshot: ChargerSnapshot) {
        self.snapshot = snapshot
    }

    /// - Returns: Whether the tick before has been taken.
    mutating func addTick() -> Bool {
        guard case .none = tick else {
            tick = .overdue
            return false
        }
        tick = .due
        return true
    }

    /// Requests first: a stop must not wait for bookkeeping. But a tick that is overdue, and what
    /// was read before it, goes before them: a flood of requests must not let the lease of the
    /// target run out.
    mutating func next() -> Input? {
        if case .overdue = tick {
            return nextReading() ?? nextTick()
        }
        if let request = requests.popFirst() { return .request(request) }
        return nextReading() ?? nextTick()
    }

    private mutating func nextReading() -> Input? {
        defer { snapshot = nil }
        return snapshot.map { .snapshot($0) }
    }

    private mutating func nextTick() -> Input? {
        if case .none = tick { return nil }
        tick = .none
        return .tick
    }

    /// Takes out the requests that came up to a time, to be refused.
    mutating func takeRequests(receivedUpTo time: MonotonicInstant) -> [Request] {
        var taken: [Request] = []
        while let first = requests.first, first.receivedAt.monotonic <= time {
            taken.append(first)
            requests.removeFirst()
        }
        return taken
    }
}
