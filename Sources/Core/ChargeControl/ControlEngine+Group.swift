import ChargeModel

// The share of a fuse that other chargers hang on, too.
extension ControlEngine {
    /// What the group is told.
    ///
    /// - Parameters:
    ///   - told: What the driver was told last.
    ///   - snapshot: A newer one than the engine was told; nil where it was told the newest.
    package func report(
        told: ChargerTarget?, snapshot newer: ChargerSnapshot? = nil
    ) -> MemberReport {
        let snapshot = newer ?? self.snapshot
        var wanted = snapshot.setpoint.value
        if wish != .undecided {
            let allowed = ownLimit
            // What was merely found does not rise again.
            let most = wish.allowsIncrease ? allowed : wanted ?? allowed
            wanted = min(allowed ?? .zero, most ?? .zero)
        }
        return MemberReport(
            wanted: wanted, heldRevision: share?.revision, told: told, snapshot: snapshot)
    }

    /// The group gives a share, or renews it; counts with the next tick or snapshot. nil: hold what
    /// is found.
    package mutating func shareGiven(_ share: GroupShare?) {
        self.share = share
    }

    /// Whether it is not known yet what the others do: then nothing is raised.
    var isShareAwaited: Bool { configuration.group != nil && share == nil }

    /// The claim of the group; nil without one, and while there is nothing to hold it at.
    func groupClaim(at now: TimePoint) -> Claim? {
        guard let group = configuration.group else { return nil }
        guard let share else {
            return snapshot.setpoint.value.map { found in
                Claim(
                    source: .group, limit: found,
                    reason: "fuse \(group): held at what it is found at until that is known of all")
            }
        }
        guard now.monotonic < share.validUntil else {
            return Claim(
                source: .group, limit: min(share.limit, configuration.safeCurrent),
                reason: "fuse \(group): its share was not renewed, and the safe current holds")
        }
        return Claim(source: .group, limit: share.limit, reason: share.reason)
    }
}
