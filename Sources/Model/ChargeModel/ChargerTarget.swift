/// What a charger is to do: a lease, not a setting. Past ``validUntil`` the driver falls to the
/// lesser of this limit and the safe current by itself (requirement R4).
package struct ChargerTarget: Hashable, Codable, Sendable {
    /// The current that may be offered per phase; 0 pauses charging. Never between 0 and the
    /// minimum of the pilot signal.
    package var limit: Milliamperes
    /// Whether the wallbox may be switched on or raised to ``limit``. What was merely found in a
    /// wallbox and adopted does not raise: then only what stands above the limit is written.
    package var allowsIncrease: Bool
    package var validUntil: MonotonicInstant
    /// On how many phases it is meant; nil where the agent does not switch them.
    package var phases: PhaseWish?
    /// Rises with every change of what is wanted; a snapshot names the revision that it has applied.
    package var revision: UInt64
    /// Whether somebody waits for it. A start that nobody waits for, such as that of a schedule, is
    /// put off where starts follow one another too closely (requirement R11).
    package var isRequested: Bool

    package init(
        limit: Milliamperes, allowsIncrease: Bool = true, validUntil: MonotonicInstant,
        revision: UInt64, isRequested: Bool = true, phases: PhaseWish? = nil
    ) {
        self.limit = limit
        self.allowsIncrease = allowsIncrease
        self.validUntil = validUntil
        self.revision = revision
        self.isRequested = isRequested
        self.phases = phases
    }
}

/// On how many phases a wallbox is to charge that can be switched.
package struct PhaseWish: Hashable, Codable, Sendable {
    /// 1 or 3; nil: they stay as they are.
    package var wanted: Int?
    /// For so many phases at most the limit is meant: where more may carry it nothing is offered, so
    /// that a limit for one phase never counts on three.
    package var counted: Int

    package init(wanted: Int?, counted: Int) {
        self.wanted = wanted
        self.counted = counted
    }
}

/// How far a target has come.
package enum TargetApplication: Hashable, Codable, Sendable {
    /// No target has been given yet; nothing is written but heartbeats and failsafes.
    case none
    /// Nothing of this revision has been confirmed by the wallbox yet.
    case pending(revision: UInt64)
    /// An increase waits until then, so that increases stay apart (requirement R9).
    case held(revision: UInt64, until: MonotonicInstant)
    /// Every write of this revision was confirmed at this time; it is not read back yet.
    case written(revision: UInt64, at: TimePoint)
    /// The wallbox verifiably does it. `offered` is what it says that it offers, which may be less
    /// than asked for (a cable or a switch limits it).
    case verified(revision: UInt64, offered: Milliamperes, at: TimePoint)
    /// The agent is read-only: `write` would go out, and does not.
    case withheld(revision: UInt64, write: String)
    /// The wallbox answered a write with an exception that repeating does not cure.
    case refused(revision: UInt64, reason: String)
    /// Written and confirmed, and contradicted by what is read back.
    case contradicted(revision: UInt64, found: Milliamperes)

    package var revision: UInt64? {
        switch self {
        case .none: nil
        case .pending(let revision), .held(let revision, _), .written(let revision, _),
            .verified(let revision, _, _), .refused(let revision, _),
            .withheld(let revision, _), .contradicted(let revision, _):
            revision
        }
    }
}
