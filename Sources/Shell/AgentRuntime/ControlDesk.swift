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
        }

        var idempotency: IdempotencyKey? {
            switch order {
            case .push(let push): push.idempotency
            case .change(let change): change.idempotency
            }
        }
    }

    private var requests = Deque<Request>()
    private var snapshot: ChargerSnapshot?
    private var isTickDue = false

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
        defer { isTickDue = true }
        return !isTickDue
    }

    /// Requests first: a stop must not wait for bookkeeping.
    mutating func next() -> Input? {
        if let request = requests.popFirst() { return .request(request) }
        if let snapshot {
            self.snapshot = nil
            return .snapshot(snapshot)
        }
        guard isTickDue else { return nil }
        isTickDue = false
        return .tick
    }

    /// Takes out every waiting request, to be refused.
    mutating func drainRequests() -> [Request] {
        defer { requests.removeAll() }
        return Array(requests)
    }
}
