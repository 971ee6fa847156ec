import ChargeModel

/// What must hold after every event, by name.
package enum Invariant: String, Hashable, Sendable, CaseIterable {
    /// No current is written above a limit in force: installation, model, hardware, decision (R1).
    case limits = "commanded-current-within-limits"
    /// No current is written between 0 and the minimum of the pilot signal (R2).
    case minimum = "never-between-0-and-minimum"
    /// Nothing is raised or switched on while a fault holds the wallbox, and a device that is not the
    /// one of the profile is written nothing (R8).
    case safety = "no-rise-under-safety-claim"
    /// Past its lease a target counts for no more than the safe current (R4).
    case lease = "lease-expires"
    /// Without contact a wallbox is at or below its fallback after its failsafe time (R3).
    case fallback = "falls-back-without-contact"
    /// While nothing disturbs, the failsafe is armed as it should be (R3).
    case armed = "failsafe-armed"
    /// Every action that was acknowledged reaches one end, and one only (R16, R20).
    case oneEnd = "one-terminal-state"
    /// No action begins twice, or beside another (R20, R21).
    case oneStart = "begins-once"
    /// Nothing begins early, and a window ends on time (R21).
    case punctual = "in-time"
    /// Increases are 5 s apart (R9).
    case increases = "increases-apart"
    /// A stop is in force within 2 s (R9).
    case stops = "stops-at-once"
    /// A reduction that waits goes on the wire before any read (R9).
    case urgent = "safety-write-first"
    /// Registers in flash memory are written no more often than their budget allows (R11).
    case writeBudget = "writes-within-budget"
    /// The contactor closes no more often than people ask, and automatic starts keep apart (R11).
    case contactor = "contactor-within-bounds"
    /// Phases are switched seldom, and never under load (R11).
    case phases = "phase-switches-apart"
    /// What meters count never decreases.
    case energy = "energy-never-decreases"
    /// After a crash and a restart the decision is the one from before within one cycle (R19).
    case sameDecision = "same-decision-after-restart"
    /// What waits somewhere is bounded.
    case queues = "queues-bounded"
    /// Nothing rises in the first 5 s after start but for an action or durable intent (R12).
    case quietStart = "quiet-start"
    /// Nothing rises that nobody wants (R12).
    case wanted = "rises-only-when-wanted"
    /// The sum on a shared fuse is never above it.
    case fuse = "fuse-holds"
    /// At least a second lies between two attempts to connect (R24).
    case reconnects = "reconnects-apart"
    /// When nothing disturbs any more, link, decision and limit are as they should be (R13, R24).
    case recovery = "recovers"
    /// The line always waits for something that comes.
    case liveness = "never-stuck"
}

/// A broken invariant.
package struct Violation: Hashable, Sendable {
    package var invariant: Invariant
    /// The number of the event after which it was seen.
    package var step: Int
    /// Since the start.
    package var after: Duration
    package var station: ChargerID
    package var profile: String
    package var words: String
}

extension Violation: CustomStringConvertible {
    package var description: String {
        let seconds = Double(after.milliseconds) / 1000
        return
            "\(invariant.rawValue): step \(step), \(seconds) s, \(station) (\(profile)): \(words)"
    }
}
