import ChargeModel

/// Wakes up a vehicle that does not resume (requirement R30).
///
/// ```
/// state      event                           next       what it does
/// resting    charging resumed, plugged in    waiting    waits 30 s
/// waiting    30 s, then each time the        waiting    one attempt, 6 at most
///            contactor may be used again
/// waiting    6 attempts and 30 s             given up   a condition
/// any        draws, unplugged, stopped       resting    -
/// ```
struct WakeUp: Hashable, Codable, Sendable {
    private enum State: Hashable, Codable {
        case resting
        case waiting(since: MonotonicInstant, attempts: Int)
        case givenUp
    }

    private var state = State.resting
    private static let pause: Duration = .seconds(30)
    private static let mostAttempts = 6

    mutating func resumed(at now: MonotonicInstant) {
        state = .waiting(since: now, attempts: 0)
    }

    /// It draws, is gone, or is not to charge any more.
    mutating func over() {
        state = .resting
    }

    mutating func attempted(at now: MonotonicInstant) {
        guard case .waiting(_, let attempts) = state else { return }
        state = .waiting(since: now, attempts: attempts + 1)
    }

    mutating func tick(at now: MonotonicInstant) {
        guard case .waiting(let since, Self.mostAttempts) = state,
            since.duration(to: now) >= Self.pause
        else { return }
        state = .givenUp
    }

    /// When the next attempt is due; the first does not wait for the contactor to have rested, since
    /// the resumption has just used it.
    func due(_ contactor: WearBudget) -> MonotonicInstant? {
        guard case .waiting(let since, let attempts) = state, attempts < Self.mostAttempts else {
            return nil
        }
        let due = since.advanced(by: Self.pause)
        guard attempts > 0 || contactor.isSpent(at: due) else { return due }
        return max(due, contactor.freeFrom ?? due)
    }

    /// Whether an attempt is so recent that the vehicle may look unplugged.
    func isDisturbing(at now: MonotonicInstant) -> Bool {
        guard case .waiting(let since, let attempts) = state, attempts > 0 else { return false }
        return since.duration(to: now) < Self.pause
    }

    var isGivenUp: Bool { state == .givenUp }
}
