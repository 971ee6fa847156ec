import ChargeModel

// What limits the charger, and what that comes to. With every tick it is the same again: it is merged,
// and put into words, only when it has changed.
extension ControlEngine {
    /// Claims, and what they come to.
    struct Merge: Hashable, Codable, Sendable {
        var claims: [Claim]
        var decision: Decision
    }

    /// The claim of `max_charge_rate`, and what it was put into words from.
    struct CapClaim: Hashable, Codable, Sendable {
        var rate: Watts
        var phases: Int
        var note: String
        var claim: Claim
    }

    /// The decision of all claims, or why there is none yet.
    mutating func merged(at now: TimePoint) -> Decision {
        let groupClaim = groupClaim(at: now)
        var claims = ownClaims
        if let groupClaim { claims.append(groupClaim) }
        if claims != merge.claims {
            merge = Merge(
                claims: claims,
                decision: ClaimMerge.decide(
                    claims, minimum: configuration.minimum, step: configuration.step))
        }
        let merged = merge.decision
        if wish == .undecided {
            return Decision(
                claims: merged.claims, winner: nil, limit: nil,
                reason: snapshot.lastPoll == nil
                    ? "the wallbox has not answered yet"
                    : "waiting for a fresh reading to adopt what the wallbox does")
        }
        if isShareAwaited, groupClaim == nil, merged.limit != .zero {
            return Decision(
                claims: merged.claims, winner: nil, limit: nil,
                reason: "waiting for what the others on the fuse do")
        }
        return merged
    }

    /// Everything that limits the charger now, but its share of a fuse.
    var ownClaims: [Claim] {
        var claims: [Claim] = []
        claims.reserveCapacity(ClaimSource.allCases.count)
        claims.append(
            Claim(
                source: .installation, limit: configuration.installationMaximum,
                reason: "max-current of the installation"))
        claims.append(
            Claim(
                source: .profile, limit: configuration.profileMaximum,
                reason: "the most that this model does"))
        if let hardware = snapshot.hardwareMaximum.value {
            claims.append(
                Claim(
                    source: .hardware, limit: hardware,
                    reason: "the wallbox states this as its maximum"))
        }
        if let maxChargeRate { claims.append(wordedCap(maxChargeRate).claim) }
        if let wishClaim { claims.append(wishClaim) }
        if let faultClaim { claims.append(faultClaim) }
        return claims
    }

    /// Of the fault that holds it lowest.
    private var faultClaim: Claim? {
        snapshot.conditions.filter(\.holdsAtSafeCurrent).map { fault in
            Claim(
                source: .fault,
                limit: min(configuration.safeCurrent, fault.heldAt ?? configuration.safeCurrent),
                reason: fault.message)
        }.min { $0.limit < $1.limit }
    }

    /// What they allow together.
    var ownLimit: Milliamperes? {
        ClaimMerge.decide(
            ownClaims, minimum: configuration.minimum, step: configuration.step
        ).limit
    }

    func wordedCap(_ rate: Watts) -> CapClaim {
        let count = phases.phases
        let note = phaseNote
        if let capClaim, capClaim.rate == rate, capClaim.phases == count, capClaim.note == note {
            return capClaim
        }
        let reason =
            "max_charge_rate of \(rate) on \(count) \(count == 1 ? "phase" : "phases")\(note)"
        return CapClaim(
            rate: rate, phases: count, note: note,
            claim: Claim(
                source: .maxChargeRate, limit: Milliamperes(rate, phases: count), reason: reason))
    }

    /// Hardware, profile and installation together.
    var maxCurrent: Milliamperes {
        min(
            configuration.installationMaximum, configuration.profileMaximum,
            snapshot.hardwareMaximum.value ?? configuration.profileMaximum)
    }
}
