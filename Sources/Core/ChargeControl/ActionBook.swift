import ChargeModel

/// The one action of a charger that is not finished, and the rules for taking the next.
///
/// ```
/// state       event                        next        effect
/// empty       push                         accepting   persist the action
/// accepting   persisted, immediate         inFlight    answer 202, the action begins to count
/// accepting   persisted, deferred          scheduled   answer 202
/// accepting   persist failed               as before   answer 503 or 507
/// scheduled   cancelled by its id          cancelling  persist: cancelled
/// scheduled   push with cancel_and_replace accepting   persist: cancelled, and the new one
/// scheduled   any other push               scheduled   answer 409
/// scheduled   its start                    inFlight    persist: acknowledged; it counts at once
/// scheduled   its end has passed           empty       persist: failed WINDOW_MISSED
/// cancelling  persisted                    empty       answer 200
/// cancelling  persist failed               scheduled   answer 503 or 507
/// inFlight    verified                     empty       persist: completed
/// inFlight    refused, deadline passed     empty       persist: failed
/// inFlight    idle pushed over a charge    accepting   persist: charge failed SUPERSEDED, and idle
/// inFlight    any other push               inFlight    answer 409
/// ```
/// Source: the API contract, section "Actions".
package struct ActionBook: Hashable, Codable, Sendable {
    package private(set) var state: State = .empty
    /// When starts were asked for in the last hour; bounded by the limit.
    private var starts: [MonotonicInstant] = []
    private let startsPerHour: Int

    package enum State: Hashable, Codable, Sendable {
        case empty
        /// Waiting for its start.
        case scheduled(Scheduled)
        /// Being made durable; counts for nothing yet.
        case accepting(Accepting)
        /// Its cancellation is being made durable; it no longer starts.
        case cancelling(Cancelling)
        case inFlight(InFlight)
    }

    package struct Scheduled: Hashable, Codable, Sendable {
        package var action: Action
        package var start: StartTime
        /// nil without a window.
        package var end: WallDue?
        /// Whether its start was seen ahead, with the time known: then it begins on time.
        package var wasAhead = false
    }

    /// When a scheduled action begins.
    package enum StartTime: Hashable, Codable, Sendable {
        case wall(WallDue)
        /// A relative start, in the boot in which it was pushed.
        case steady(MonotonicInstant)
    }

    package struct Accepting: Hashable, Codable, Sendable {
        package var action: Action
        package var request: RequestID
        package var commit: CommitID
        package var receivedAt: TimePoint
        /// What it takes the place of; stays as it is until the commit.
        package var replacing: Replaced
    }

    package enum Replaced: Hashable, Codable, Sendable {
        case nothing
        case scheduled(Scheduled)
        /// The charge in flight that an idle ends.
        case inFlight(InFlight)
    }

    package struct Cancelling: Hashable, Codable, Sendable {
        package var scheduled: Scheduled
        package var cancelled: Action
        package var request: RequestID
        package var commit: CommitID
    }

    package struct InFlight: Hashable, Codable, Sendable {
        package var action: Action
        package var acceptedAt: TimePoint
        /// By when the first write must be confirmed; nil for what is tried to the end.
        package var wireDeadline: MonotonicInstant?
        package var verifyDeadline: MonotonicInstant
        /// The end of its window.
        package var end: WallDue?
        package var hasReachedWire = false
        /// When a scheduled start that was refused is asked for again.
        package var retryAt: MonotonicInstant?
        /// What its completion has to say, such as a late start.
        package var note: String?
    }

    package init(startsPerHour: Int) {
        self.startsPerHour = startsPerHour
    }

    /// The action that shapes the decision now.
    package var inFlight: InFlight? {
        switch state {
        case .inFlight(let inFlight): inFlight
        case .accepting(let accepting):
            if case .inFlight(let inFlight) = accepting.replacing { inFlight } else { nil }
        case .empty, .scheduled, .cancelling: nil
        }
    }

    package var hasInFlight: Bool {
        switch state {
        case .inFlight: true
        case .accepting(let accepting):
            if case .inFlight = accepting.replacing { true } else { false }
        case .empty, .scheduled, .cancelling: false
        }
    }

    /// What the action in flight wants; nil without one, and for one that is to fail for a test.
    var wanted: ChargeCommand? {
        guard hasInFlight, let open = inFlight, open.action.sandbox?.failure == nil else {
            return nil
        }
        return open.action.command
    }

    /// The action that waits for its start.
    package var scheduled: Scheduled? {
        switch state {
        case .scheduled(let scheduled): scheduled
        case .cancelling(let cancelling): cancelling.scheduled
        case .accepting(let accepting):
            if case .scheduled(let scheduled) = accepting.replacing { scheduled } else { nil }
        case .empty, .inFlight: nil
        }
    }

    /// What a push that is taken now takes the place of.
    package var replaced: Replaced {
        switch state {
        case .scheduled(let scheduled): .scheduled(scheduled)
        case .inFlight(let inFlight): .inFlight(inFlight)
        case .empty, .accepting, .cancelling: .nothing
        }
    }

    /// Why a push cannot be taken now; nil when it can.
    package mutating func refusal(
        of request: ActionRequest, at now: MonotonicInstant
    ) -> RequestRefusal? {
        if let conflict = conflict(with: request) { return conflict }
        guard request.command == .charge, request.timing == nil else { return nil }
        return startsFreeFrom(at: now).map { .tooManyStarts(retryAfter: now.duration(to: $0)) }
    }

    /// From when on one more start may be asked for; nil when it may be now.
    package mutating func startsFreeFrom(at now: MonotonicInstant) -> MonotonicInstant? {
        starts.removeAll { $0.duration(to: now) >= .seconds(3600) }
        guard starts.count >= startsPerHour else { return nil }
        return starts.first?.advanced(by: .seconds(3600))
    }

    /// Somebody has asked for a start, by an action or by other means.
    package mutating func startRequested(at now: MonotonicInstant) {
        starts.append(now)
        if starts.count > startsPerHour { starts.removeFirst() }
    }

    private func conflict(with request: ActionRequest) -> RequestRefusal? {
        switch state {
        case .empty, .accepting, .cancelling:
            return nil
        case .scheduled(let waiting):
            guard request.onConflict == nil else { return nil }
            return .conflict(
                reason: .noStrategySupplied, actions: [waiting.action.id],
                strategies: ConflictStrategy.allCases)
        case .inFlight(let open):
            let isStop = request.command == .idle && request.timing == nil
            if isStop, open.action.command == .charge { return nil }
            return request.onConflict == nil
                ? .conflict(
                    reason: .noStrategySupplied, actions: [open.action.id],
                    strategies: ConflictStrategy.allCases)
                : .conflict(
                    reason: .actionInFlight, actions: [open.action.id], strategies: nil)
        }
    }

    /// - Precondition: Nothing is being accepted or cancelled: requests come one at a time.
    package mutating func begin(_ accepting: Accepting) {
        switch state {
        case .accepting, .cancelling:
            preconditionFailure("\(accepting.action.id) comes while \(state) waits for its commit")
        case .empty, .scheduled, .inFlight:
            state = .accepting(accepting)
        }
    }

    /// - Precondition: It is scheduled.
    package mutating func begin(_ cancelling: Cancelling) {
        guard case .scheduled = state else { preconditionFailure("\(state) cannot be cancelled") }
        state = .cancelling(cancelling)
    }

    package mutating func becomeScheduled(_ scheduled: Scheduled) {
        state = .scheduled(scheduled)
    }

    package mutating func becomeInFlight(_ inFlight: InFlight) {
        state = .inFlight(inFlight)
        if inFlight.action.command == .charge, inFlight.action.sandbox == nil {
            startRequested(at: inFlight.acceptedAt.monotonic)
        }
    }

    /// The commit failed: as if the request had never come.
    package mutating func abandon() {
        switch state {
        case .accepting(let accepting):
            switch accepting.replacing {
            case .nothing: state = .empty
            case .scheduled(let scheduled): state = .scheduled(scheduled)
            case .inFlight(let inFlight): state = .inFlight(inFlight)
            }
        case .cancelling(let cancelling):
            state = .scheduled(cancelling.scheduled)
        case .empty, .scheduled, .inFlight:
            preconditionFailure("\(state) waits for no commit")
        }
    }

    /// - Precondition: It is in flight and nothing is being accepted.
    package mutating func update(_ inFlight: InFlight) {
        guard case .inFlight = state else { preconditionFailure("\(state) has nothing in flight") }
        state = .inFlight(inFlight)
    }

    /// The action has ended: it was in flight, or scheduled and missed or cancelled.
    ///
    /// - Precondition: There is one, and nothing is being accepted.
    package mutating func finish() {
        switch state {
        case .inFlight, .scheduled, .cancelling: state = .empty
        case .empty, .accepting: preconditionFailure("\(state) has nothing that could end")
        }
    }
}
