import ChargeModel

/// Merges claims into a decision: limits combine by minimum, rounded down. The only place where
/// wishes about a charger meet.
package enum ClaimMerge {
    /// - Parameters:
    ///   - claims: At least one, in any order.
    ///   - minimum: The least current above 0 that may be offered; what remains below it is a pause
    ///     (requirement R2).
    ///   - step: The wallbox's resolution; greater than 0.
    package static func decide(
        _ claims: [Claim], minimum: Milliamperes, step: Milliamperes
    ) -> Decision {
        precondition(!claims.isEmpty, "a decision needs a claim")
        precondition(step > .zero, "a step of \(step) cannot round anything")
        var ordered: [Claim] = []
        ordered.reserveCapacity(claims.count)
        for source in ClaimSource.allCases {
            for claim in claims where claim.source == source { ordered.append(claim) }
        }
        var winner = ordered[0]
        for claim in ordered where claim.limit < winner.limit { winner = claim }
        let allowed = max(winner.limit, .zero)
        let rounded = Milliamperes(allowed.rawValue / step.rawValue * step.rawValue)
        guard rounded >= max(minimum, .pilotMinimum) else {
            return Decision(
                claims: ordered, winner: winner.source, limit: .zero,
                reason: allowed == .zero
                    ? "held at 0 A: \(winner.reason)"
                    : """
                    held at 0 A: \(winner.reason) leaves \(allowed), and less than \
                    \(max(minimum, .pilotMinimum)) cannot be offered
                    """)
        }
        return Decision(
            claims: ordered, winner: winner.source, limit: rounded,
            reason: "up to \(rounded): \(winner.reason)")
    }
}
