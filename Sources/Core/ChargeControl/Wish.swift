import ChargeModel

/// What is wanted of a charger now, and by what: of all that could want something, one counts.
enum Wish: Hashable, Codable, Sendable {
    /// Nobody wants anything yet, and nothing fresh was read that could be kept.
    case undecided
    /// Of the action in flight, or of the intent that stands.
    case intent(ChargeIntent)
    /// A slot of the recurring schedule is open.
    case slot(ScheduleMoment.Occurrence)
    /// A slot is open, and its start is delayed at random up to this instant.
    case delayed(ScheduleMoment.Occurrence, until: WallInstant)
    /// The recurring schedule has no slot now.
    case betweenSlots
    /// What should hold now cannot be told: the wall clock is not trusted, or what is durable cannot
    /// be read. The charger is kept at no more than its safe current, and not raised.
    case unknowable(String)

    var isToCharge: Bool {
        switch self {
        case .intent(.charge), .slot: true
        case .intent, .undecided, .delayed, .betweenSlots, .unknowable: false
        }
    }

    var allowsIncrease: Bool {
        switch self {
        case .intent(.adopted), .unknowable: false
        case .undecided, .intent, .slot, .delayed, .betweenSlots: true
        }
    }
}

extension ControlEngine {
    /// Whether charging is wanted now, whatever limits it.
    var wantsCharge: Bool { wish.isToCharge }

    /// Whose wish counts now.
    func currentWish(at now: TimePoint) -> Wish {
        if let wanted = book.wanted { return .intent(wanted == .charge ? .charge : .idle) }
        if let unreadable { return .unknowable(unreadable) }
        if mustAdopt { return .undecided }
        if let window {
            switch window.end.isDue(at: now) {
            case nil:
                return .unknowable(
                    "the wall clock is not trusted, and whether the window is over is not known")
            // Right after a restart the next tick, which ends the window, has not come yet.
            case true?: return .intent(.idle)
            case false?: return .intent(.charge)
            }
        }
        guard let plan else { return intent.map { .intent($0) } ?? .undecided }
        if let intent, goesBeforeSchedule(intent, at: now) { return .intent(intent) }
        guard let moment = plan.moment else {
            return .unknowable(
                "the wall clock is not trusted, and whether a slot is open is not known")
        }
        guard let slot = moment.active else { return .betweenSlots }
        guard slot.slot.command == .charge else { return .betweenSlots }
        let begins = beginning(of: slot)
        return begins <= now.wall ? .slot(slot) : .delayed(slot, until: begins)
    }

    private func goesBeforeSchedule(_ intent: ChargeIntent, at now: TimePoint) -> Bool {
        guard let intentUntil else { return true }
        switch intentUntil.isDue(at: now) {
        case true?: return false
        case false?: return true
        // A stop may stand; anything else may be over.
        case nil: return intent == .idle
        }
    }

    /// The claim of the wish; nil while there is none.
    var wishClaim: Claim? {
        switch wish {
        case .undecided:
            nil
        case .intent(.charge):
            Claim(
                source: .action, limit: maxCurrent,
                reason: window.map { "charging is asked for until \($0.end.wall.utc)" }
                    ?? "charging is asked for, with all that is allowed")
        case .intent(.idle):
            Claim(source: .action, limit: .zero, reason: "idle is asked for")
        case .intent(.adopted(let found)):
            Claim(
                source: .adopted, limit: found,
                reason: adoptedUnread?.reason
                    ?? "found in the wallbox, and nobody asked for anything else yet")
        case .slot(let slot):
            Claim(
                source: .schedule, limit: maxCurrent,
                reason: "a slot of the schedule is open until \(slot.end.utc)")
        case .delayed(let slot, let begins):
            Claim(
                source: .schedule, limit: .zero,
                reason: "the slot of \(slot.start.utc) begins at \(begins.timestamp), after a "
                    + "random delay that spreads the load")
        case .betweenSlots:
            Claim(
                source: .schedule, limit: .zero,
                reason: plan?.moment.map {
                    "the schedule has its next slot at \($0.next.start.utc)"
                } ?? "the schedule has no slot now")
        case .unknowable(let reason):
            Claim(source: .schedule, limit: configuration.safeCurrent, reason: reason)
        }
    }
}
