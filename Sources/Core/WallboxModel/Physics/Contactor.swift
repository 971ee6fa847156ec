import ChargeModel

// state   | vehicle asks and pilot on | vehicle stops asking, or defect | pilot off, vehicle asks
// open    | closing after closeDelay  | -                               | -
// closing | -                         | open                            | open
// closed  | -                         | opening after openDelay         | opening after loadDelay
// opening | closed                    | due at openDelay if that is sooner | -
// A welded contactor, once closed, never leaves `closed`.

/// The contactor between mains and vehicle.
struct Contactor: Hashable, Sendable {
    /// What it is told by the pilot line.
    enum Demand: Hashable, Sendable {
        /// The vehicle asks and the wallbox offers.
        case energise
        /// The pilot signal is off and the vehicle has not stopped asking: it may open under load.
        case release
        /// Nobody asks, or something is wrong.
        case disconnect
    }

    private enum State: Hashable {
        case open
        case closing(due: MonotonicInstant)
        case closed
        case opening(due: MonotonicInstant)
    }

    private var state = State.open
    /// How often it has closed since it was built: its wear.
    private(set) var cycles = 0

    var isClosed: Bool {
        switch state {
        case .open, .closing: false
        case .closed, .opening: true
        }
    }

    /// When it moves next, as told so far.
    var nextMove: MonotonicInstant? {
        switch state {
        case .open, .closed: nil
        case .closing(let due), .opening(let due): due
        }
    }

    mutating func update(
        _ demand: Demand, at now: MonotonicInstant, delays: WallboxOptions.ContactorDelays,
        isWelded: Bool
    ) {
        switch (state, demand) {
        case (.open, .energise):
            state = .closing(due: now.advanced(by: delays.close))
        case (.closing, .release), (.closing, .disconnect):
            state = .open
        case (.closed, .release) where !isWelded:
            state = .opening(due: now.advanced(by: delays.openUnderLoad))
        case (.closed, .disconnect) where !isWelded:
            state = .opening(due: now.advanced(by: delays.open))
        case (.opening, .energise):
            state = .closed
        case (.opening, _) where isWelded:
            state = .closed
        case (.opening(let due), .disconnect):
            state = .opening(due: min(due, now.advanced(by: delays.open)))
        case (.open, _), (.closing, .energise), (.closed, _), (.opening, .release):
            break
        }
        move(at: now)
    }

    /// Its coil has lost the supply: it opens now.
    mutating func dropOut(isWelded: Bool) {
        if !isWelded || !isClosed { state = .open }
    }

    private mutating func move(at now: MonotonicInstant) {
        switch state {
        case .closing(let due) where due <= now:
            state = .closed
            cycles += 1
        case .opening(let due) where due <= now:
            state = .open
        case .open, .closed, .closing, .opening:
            break
        }
    }
}
