import ChargeModel

/// The one action of a charger that is not finished, and the rules for taking the next.
///
/// ```
/// state       event                      next        effect
/// empty       push                       accepting   persist the action
/// accepting   persisted                  inFlight    answer 202, the action begins to count
/// accepting   persist failed             empty       answer 503 or 507
/// inFlight    verified                   empty       persist: completed
/// inFlight    refused, deadline passed   empty       persist: failed
/// inFlight    idle pushed over a charge  accepting   persist: charge failed SUPERSEDED, and idle
/// inFlight    any other push             inFlight    answer 409
/// ```
/// Source: the API contract, section "Actions".
package struct ActionBook: Hashable, Sendable {
    package private(set) var state: State = .empty
    /// When starts were accepted in the last hour; bounded by the limit.
    private var starts: [MonotonicInstant] = []
    private let startsPerHour: Int

    package enum State: Hashable, Sendable {
        case empty
        /// Being made durable; counts for nothing yet. `superseding` stays in flight until then.
        case accepting(Accepting)
        case inFlight(InFlight)
    }

    package struct Accepting: Hashable, Sendable {
        package var action: Action
        package var request: RequestID
        package var commit: CommitID
        package var receivedAt: TimePoint
        /// The charge in flight that this idle ends.
        package var superseding: InFlight?
    }

    package struct InFlight: Hashable, Sendable {
        package var action: Action
        package var acceptedAt: TimePoint
        /// By when the first write must be confirmed; nil for `idle`, which is tried to the end.
        package var wireDeadline: MonotonicInstant?
        package var verifyDeadline: MonotonicInstant
        package var hasReachedWire = false
    }

    package init(startsPerHour: Int) {
        self.startsPerHour = startsPerHour
    }

    /// The action that shapes the decision now.
    package var inFlight: InFlight? {
        switch state {
        case .empty: nil
        case .accepting(let accepting): accepting.superseding
        case .inFlight(let inFlight): inFlight
        }
    }

    /// Why a push cannot be taken now; nil when it can.
    package mutating func refusal(
        of request: ActionRequest, at now: MonotonicInstant
    ) -> RequestRefusal? {
        if case .inFlight(let open) = state,
            !(request.command == .idle && open.action.command == .charge)
        {
            return request.onConflict == nil
                ? .conflict(
                    reason: .noStrategySupplied, actions: [open.action.id],
                    strategies: ConflictStrategy.allCases)
                : .conflict(
                    reason: .actionInFlight, actions: [open.action.id], strategies: nil)
        }
        guard request.command == .charge else { return nil }
        starts.removeAll { $0.duration(to: now) >= .seconds(3600) }
        guard starts.count >= startsPerHour, let oldest = starts.first else { return nil }
        return .tooManyStarts(retryAfter: .seconds(3600) - oldest.duration(to: now))
    }

    /// - Precondition: Nothing is being accepted: requests come one at a time.
    package mutating func begin(_ accepting: Accepting) {
        if case .accepting(let other) = state {
            preconditionFailure("\(accepting.action.id) while \(other.action.id) is being accepted")
        }
        state = .accepting(accepting)
    }

    package mutating func becomeInFlight(_ inFlight: InFlight) {
        state = .inFlight(inFlight)
        if inFlight.action.command == .charge, inFlight.action.sandbox == nil {
            starts.append(inFlight.acceptedAt.monotonic)
        }
    }

    /// The commit failed: as if the action had never come.
    package mutating func abandon(_ accepting: Accepting) {
        state = accepting.superseding.map { .inFlight($0) } ?? .empty
    }

    /// - Precondition: It is in flight and nothing is being accepted.
    package mutating func update(_ inFlight: InFlight) {
        guard case .inFlight = state else { preconditionFailure("\(state) has nothing in flight") }
        state = .inFlight(inFlight)
    }

    /// The action in flight has ended.
    ///
    /// - Precondition: It is in flight and nothing is being accepted.
    package mutating func finish() {
        guard case .inFlight = state else { preconditionFailure("\(state) has nothing in flight") }
        state = .empty
    }
}
