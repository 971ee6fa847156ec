import ChargeControl
import ChargeModel
import DeviceProfiles
import WallboxModel

// Requirement R19: after a crash the agent decides what it decided before.
extension Simulation {
    /// What was decided when the agent was killed, and what it depended on.
    struct Remembered {
        var limit: Milliamperes
        /// Whether it was wanted by somebody: what was merely found may be less afterwards.
        var isWanted: Bool
        /// A power is a current of each phase, and how many of several are used is seen later.
        var hasRate: Bool
        var standing: WitnessedWishes.Standing
        var wallSteps: Int
    }

    /// The agent is about to be killed.
    mutating func remember(_ index: Int) {
        let station = stations[index]
        station.remembered = nil
        // What happened and could not be made durable is repeated with the next tick.
        let isStored = storeFailedAt.map { $0.duration(to: now) > .seconds(3) } ?? true
        guard isStored, store.failure == nil, isWallTrusted,
            let agent = station.agent, agent.committing == nil, agent.effects.isEmpty,
            agent.requests.isEmpty, agent.control.snapshot.link == .up,
            agent.control.decision.limit != nil, let limit = limitBesides(agent),
            let standing = station.witness.wishes.standing
        else { return }
        let claims = agent.control.decision.claims.map(\.source)
        station.remembered = Remembered(
            limit: limit, isWanted: !claims.contains(.adopted),
            hasRate: claims.contains(.maxChargeRate) && station.profile.electrical.phases > 1,
            standing: standing, wallSteps: wallSteps)
    }

    /// What is decided apart from faults, which are found anew, and from the share of a fuse, which is
    /// settled anew.
    private func limitBesides(_ agent: AgentSide) -> Milliamperes? {
        let decision = agent.control.decision
        let claims = decision.claims.filter { $0.source != .fault && $0.source != .group }
        guard claims.contains(where: { Self.wishes.contains($0.source) }) else { return nil }
        let control = agent.control.configuration
        return ClaimMerge.decide(claims, minimum: control.minimum, step: control.step).limit
    }

    private static let wishes: [ClaimSource] = [.action, .schedule, .adopted]

    /// The first tick after the first poll since the start has been handled.
    mutating func checkRemembered(_ index: Int) {
        let station = stations[index]
        guard let before = station.remembered, let agent = station.agent,
            let poll = agent.control.snapshot.lastPoll?.monotonic, poll > agent.startedAt
        else { return }
        station.remembered = nil
        guard agent.committing == nil, before.standing == station.witness.wishes.standing,
            before.wallSteps == wallSteps, isWallTrusted, !station.isImpostor
        else { return }
        let limit = limitBesides(agent) ?? .zero
        // What nobody has said anything of is found anew, and may have fallen back upwards.
        let isFound = !before.isWanted && before.standing.intent == nil
        let most = isFound ? max(before.limit, station.limitAtStart) : before.limit
        let isSame = before.isWanted && !before.hasRate ? limit == before.limit : limit <= most
        expect(
            .sameDecision, isSame, index, "decides \(limit), and \(before.limit) before the crash")
    }
}
