import ChargeModel

/// Looks for the smallest part of a plan that still breaks the same invariant, by leaving out
/// (Zeller, Hildebrandt: "Simplifying and isolating failure-inducing input", 2002).
///
/// Ask for a ``candidate``, play it, tell whether it ``broke``, until there is none.
package struct PlanShrinking: Sendable {
    /// The smallest plan known to break.
    package private(set) var plan: WorldPlan
    /// What is to be played next; nil at the end.
    package private(set) var candidate: WorldPlan?
    /// How many have been played.
    package private(set) var attempts = 0
    private var chunk: Int
    private var place = 0
    /// Whether something was left out since the beginning was last looked at.
    private var hasShrunk = false
    private let most: Int

    /// - Parameters:
    ///   - after: When the invariant broke: what comes later has nothing to do with it.
    ///   - work: How much simulated time all attempts may take together, and one more.
    package init(
        _ plan: WorldPlan, brokenAfter after: Duration, work: Duration = .seconds(200 * 3600)
    ) {
        self.plan = WorldPlan(plan.happenings.filter { $0.after <= after })
        most = 1 + Int(work.milliseconds / max(after.milliseconds, 1_000))
        chunk = max(self.plan.happenings.count, 1)
        propose()
    }

    /// The candidate was played.
    ///
    /// - Parameter after: When it broke the invariant; nil when it did not.
    package mutating func played(brokenAfter after: Duration?) {
        guard let candidate else { return }
        attempts += 1
        if let after {
            plan = WorldPlan(candidate.happenings.filter { $0.after <= after })
            hasShrunk = true
        } else {
            place += chunk
        }
        propose()
    }

    private mutating func propose() {
        candidate = nil
        guard attempts < most else { return }
        while place >= plan.happenings.count {
            // One by one until nothing more can be left out.
            guard !plan.happenings.isEmpty, chunk > 1 || hasShrunk else { return }
            chunk = max(min(chunk, plan.happenings.count) / 2, 1)
            place = 0
            hasShrunk = false
        }
        var rest = plan.happenings
        rest.removeSubrange(place..<min(place + chunk, rest.count))
        candidate = WorldPlan(rest)
    }
}
