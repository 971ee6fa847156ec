import ChargeModel

// What is found in the wallbox, as long as nobody has asked for anything.
extension ControlEngine {
    /// At first contact, and after a failed `idle`, what the wallbox does becomes the intent, and
    /// only ever lowers (requirement R12). A limit that cannot be read may be anything from 0 A up:
    /// while current flows it is 6 A at least, so that holding at the minimum raises nothing; while
    /// none flows nothing but 0 A is sure not to raise.
    mutating func adoptWhatWasFound(at now: TimePoint) -> [ControlEffect] {
        guard currentWish(at: now) == .undecided, book.inFlight == nil,
            let poll = snapshot.lastPoll,
            poll.monotonic > adoptAfter, intentUntil?.isDue(at: now) != true,
            !snapshot.conditions.contains(where: \.isForeign)
        else { return [] }
        switch snapshot.setpoint {
        case .captured(let found, let time) where time.monotonic > adoptAfter:
            return adopt(found, at: now)
        case .captured:
            return []
        case .absent:
            return adopt(
                flowsForSure ? min(configuration.safeCurrent, configuration.minimum) : .zero,
                unread: flowsForSure ? .flows : .silent, at: now)
        }
    }

    private mutating func adopt(
        _ found: Milliamperes, unread: UnreadSetpoint? = nil, at now: TimePoint
    ) -> [ControlEffect] {
        let most = foundAtMost
        let limit = min(found, most ?? found)
        intent = .adopted(limit)
        adoptedUnread = unread
        guard let most else { return [] }
        foundAtMost = limit
        return limit < most ? [keep(intent: intentChange(at: now))] : []
    }

    /// Whether a reading is waited for that goes before the schedule.
    var mustAdopt: Bool { intent == nil && foundAtMost != nil }

    /// Forgets the intent until a reading later than now, which then goes before the schedule, up to
    /// its next edge. A restart must not bring back what stood before.
    mutating func forgetIntent(at now: TimePoint) -> IntentChange {
        intent = nil
        window = nil
        foundAtMost = maxCurrent
        adoptAfter = now.monotonic
        stand(at: now)
        return intentChange(at: now)
    }

    /// Whether energy flows, by the state and, where anything is measured, by the meter.
    private var flowsForSure: Bool {
        guard snapshot.pilot.value?.isDrawing == true else { return false }
        if let most = snapshot.currents.compactMap(\.value).max() {
            return most > .meterNoise
        }
        return snapshot.power.value.map { $0 > Watts(.meterNoise, phases: 1) } ?? true
    }
}

/// What is known of a setpoint that cannot be read, where nobody has asked for anything yet.
enum UnreadSetpoint: Hashable, Codable, Sendable {
    /// Current flows, so that the minimum is in force at least.
    case flows
    /// Nothing tells whether it is on.
    case silent

    var reason: String {
        switch self {
        case .flows:
            "the limit of the wallbox cannot be read; current flows, so that the least raises nothing, "
                + "until somebody asks for more"
        case .silent:
            "the limit of the wallbox cannot be read, and nothing tells whether it is on: only 0 A is "
                + "sure not to raise it, until somebody asks for charging"
        }
    }
}
