/// Somebody's wish to limit a charger. Claims combine by minimum.
package struct Claim: Hashable, Codable, Sendable {
    package var source: ClaimSource
    /// The most that this claim lets through per phase.
    package var limit: Milliamperes
    /// Why, for a person.
    package var reason: String

    package init(source: ClaimSource, limit: Milliamperes, reason: String) {
        self.source = source
        self.limit = limit
        self.reason = reason
    }
}

/// Who claims. The order is the order in which equal limits are named as the winner.
package enum ClaimSource: String, Hashable, Codable, Sendable, CaseIterable {
    /// A fault holds the charger at its safe current.
    case fault
    /// A pushed action or, after it, the intent that it left.
    case action
    /// The recurring schedule.
    case schedule
    /// What was found in the wallbox and adopted.
    case adopted
    /// The client's `max_charge_rate`.
    case maxChargeRate = "max_charge_rate"
    /// The share of a fuse that several chargers hang on.
    case group
    /// `max-current` of the installation, in the configuration.
    case installation
    /// What the wallbox's own registers state.
    case hardware
    /// The most that the profile knows the model to do.
    case profile
}

/// What the claims come to, and why.
package struct Decision: Hashable, Codable, Sendable {
    /// Every claim, in the order of ``ClaimSource``.
    package var claims: [Claim]
    /// The claim whose limit is in force; nil while nothing is decided (before first contact).
    package var winner: ClaimSource?
    /// The limit in force: 0, or at least the minimum of the pilot signal. nil while undecided:
    /// then nothing is written that moves current.
    package var limit: Milliamperes?
    /// In words, why the charger does what it does.
    package var reason: String

    package init(
        claims: [Claim], winner: ClaimSource?, limit: Milliamperes?, reason: String
    ) {
        self.claims = claims
        self.winner = winner
        self.limit = limit
        self.reason = reason
    }
}
