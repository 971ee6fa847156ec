import ChargeModel

// state    | other phases wished             | contactor opens | pause over | first phases wished again
// steady   | waiting; pausing if it is open  | -               | -          | -
// waiting  | -                               | pausing         | -          | steady
// pausing  | another target                  | -               | steady     | another target

/// Chooses the phases that lie behind the contactor: it moves only while no current flows, and the
/// vehicle is offered nothing meanwhile.
struct PhaseRelay: Hashable, Sendable {
    private enum State: Hashable {
        case steady
        case waiting
        case pausing(due: MonotonicInstant)
    }

    /// 1 to 3.
    private(set) var phases: Int
    private var state = State.steady

    init(phases: Int) {
        self.phases = phases
    }

    var isSwitching: Bool { state != .steady }

    /// When it moves next, as told so far.
    var nextMove: MonotonicInstant? {
        guard case .pausing(let due) = state else { return nil }
        return due
    }

    mutating func update(
        wished: Int, isContactorClosed: Bool, pause: Duration, at now: MonotonicInstant
    ) {
        switch state {
        case .steady where wished != phases, .waiting where wished != phases:
            state = isContactorClosed ? .waiting : .pausing(due: now.advanced(by: pause))
        case .waiting:
            state = .steady
        case .pausing(let due) where due <= now:
            phases = wished
            state = .steady
        case .steady, .pausing:
            break
        }
    }
}
