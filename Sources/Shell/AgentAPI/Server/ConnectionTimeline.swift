/// The life of one connection: which phase it is in, and what each phase allows.
///
/// | phase      | bytes      | head     | request      | answer done      | input closed | deadline, then            |
/// | ---------- | ---------- | -------- | ------------ | ---------------- | ------------ | ------------------------- |
/// | opened     | -> head    |          |              |                  | close        | header, close             |
/// | head       | counted    | -> body  |              |                  | close        | header, answer 408        |
/// | body       | counted    |          | -> answering |                  | close        | body, answer 408          |
/// | answering  | counted    |          |              | -> idle or ended | last answer  | none; abandoned, close    |
/// | idle       | -> head    |          |              |                  | close        | idle, close               |
/// | ended      | dropped    |          |              |                  | close        | linger, close             |
///
/// A refusal (a bare answer) leads from any phase but answering to ended. Draining closes what is
/// opened or idle and makes the request at hand the last one. An opened or idle connection is closed
/// without an answer: a client that has asked for nothing would take it for the answer to the
/// request that it is about to send.
struct ConnectionTimeline: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        case opened
        case head
        case body
        case answering
        case idle
        case ended
    }

    /// What the connection has to do after an event.
    enum Step: Equatable, Sendable {
        /// Nothing; a running deadline goes on.
        case none
        /// Start the deadline of the new phase.
        case restartDeadline
        /// Give this answer, then end.
        case refuse(BareAnswer)
        /// Close once everything written has been sent, and drop what still comes.
        case end
        /// Close at once.
        case close
    }

    private let limits: HTTPLimits
    private(set) var phase = Phase.opened
    /// No request is taken after the present one.
    private(set) var isLast = false
    /// The client has closed its sending half.
    private(set) var isInputClosed = false
    /// The rest of the present request is not wanted: its body is over the limit.
    private(set) var isCut = false
    /// Raw bytes received in this phase.
    private var received = 0

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Whether input is read and dropped rather than parsed.
    var dropsInput: Bool { isCut || phase == .ended }

    /// Whether input is still read: what is dropped is bounded.
    var readsDroppedInput: Bool { dropsInput && received <= limits.lingerBytes }

    /// Whether it is the client's turn: such a connection may have to give way to a new one.
    var isWaitingForClient: Bool { phase != .answering }

    /// How long this phase may take and what to do then; nil where the client is not to blame for
    /// the time that passes.
    var deadline: (after: Duration, then: Step)? {
        switch phase {
        case .opened: (limits.headerDeadline, .close)
        case .head: (limits.headerDeadline, .refuse(.requestTimeout))
        case .body: (limits.bodyDeadline, .refuse(.requestTimeout))
        case .answering: isInputClosed ? (limits.abandonedAnswer, .close) : nil
        case .idle: (limits.idle, .close)
        case .ended: (limits.linger, .close)
        }
    }

    mutating func bytesReceived(_ count: Int) -> Step {
        switch phase {
        case .opened, .idle:
            enter(.head)
            received = count
            return .restartDeadline
        case .answering where !isCut:
            received += count
            return received > limits.pipelinedBytes ? .close : .none
        case .head, .body, .answering, .ended:
            received += count
            return .none
        }
    }

    /// The parser has taken the bytes; padding shows as bytes that lead nowhere.
    func bytesParsed() -> Step {
        switch phase {
        case .head where received > limits.rawHeaderBytes: .refuse(.headerFieldsTooLarge)
        case .body where received > limits.rawBodyBytes: .refuse(.badRequest)
        case .opened, .head, .body, .answering, .idle, .ended: .none
        }
    }

    /// A head is complete; `isLast` when its client wants the connection closed afterwards.
    mutating func headReceived(isLast: Bool) -> Step {
        self.isLast = self.isLast || isLast
        enter(.body)
        return .restartDeadline
    }

    /// A whole request has gone to the routes, or, when `isCut`, the head of one whose body is over
    /// the limit.
    mutating func requestReceived(isCut: Bool) -> Step {
        self.isCut = isCut
        isLast = isLast || isCut
        enter(.answering)
        return .restartDeadline
    }

    /// The routes have written the whole answer; `isLast` when they want the connection closed.
    mutating func answerWritten(isLast: Bool) -> Step {
        guard phase == .answering else { return .none }
        self.isLast = self.isLast || isLast
        if self.isLast {
            enter(.ended)
            return .end
        }
        enter(received > 0 ? .head : .idle)
        return .restartDeadline
    }

    /// The channel itself has answered.
    mutating func refused() {
        isLast = true
        enter(.ended)
    }

    mutating func inputClosed() -> Step {
        isInputClosed = true
        isLast = true
        return switch phase {
        case .opened, .head, .body, .idle: .close
        case .answering: .restartDeadline
        case .ended: .end
        }
    }

    /// The server is shutting down.
    mutating func drain() -> Step {
        isLast = true
        return switch phase {
        case .opened, .idle: .close
        case .head, .body, .answering, .ended: .none
        }
    }

    private mutating func enter(_ phase: Phase) {
        self.phase = phase
        received = 0
    }
}
