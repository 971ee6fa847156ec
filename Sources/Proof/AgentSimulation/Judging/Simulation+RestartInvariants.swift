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
        var rate: Rate?
        var standing: WitnessedWishes.Standing
        var wallSteps: Int

        struct Rate {
            /// Of each phase that was counted on.
            var current: Milliamperes
            var phases: Int
            /// What all other claims leave.
            var otherwise: Milliamperes
        }
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
            limit: limit, isWanted: !claims.contains(.adopted), rate: rate(agent, station),
            standing: standing, wallSteps: wallSteps)
    }

    private func rate(_ agent: AgentSide, _ station: Station) -> Remembered.Rate? {
        let installed = station.profile.electrical.phases
        let claim = agent.control.decision.claims.first { $0.source == .maxChargeRate }
        guard installed > 1, let claim else { return nil }
        let counted = agent.control.snapshot.switchedPhases ?? installed
        return Remembered.Rate(
            current: claim.limit, phases: counted,
            otherwise: limitBesides(agent, without: .maxChargeRate) ?? .zero)
    }

    /// What is decided apart from faults, which are found anew, and from the share of a fuse, which is
    /// settled anew.
    private func limitBesides(
        _ agent: AgentSide, without source: ClaimSource = .fault
    ) -> Milliamperes? {
        let decision = agent.control.decision
        let claims = decision.claims.filter {
            $0.source != .fault && $0.source != .group && $0.source != source
        }
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
        // What nobody has said anything of is found anew, and may have fallen back upwards, also since
        // the start.
        let isFound = !before.isWanted && before.standing.intent == nil
        station.box.advance(to: now)
        let found = max(station.limitAtStart, station.shownLimit)
        var most = isFound ? max(before.limit, found) : before.limit
        // The same power, on as many phases as are counted on then.
        if isFound, station.profile.control.isSetInWatts {
            most = Milliamperes(most.rawValue * station.profile.electrical.phases)
        }
        if let rate = before.rate, station.control.switchesPhases {
            // While nobody knew what is switched through, all phases were counted on.
            let through = station.box.truth.phases
            if through < rate.phases, agent.control.snapshot.switchedPhases == through {
                let ofEach = Milliamperes((rate.current.rawValue + 1) * rate.phases / through)
                most = max(most, min(ofEach, rate.otherwise))
            }
        }
        let isSame = before.isWanted && before.rate == nil ? limit == before.limit : limit <= most
        expect(
            .sameDecision, isSame, index, "decides \(limit), and \(before.limit) before the crash")
    }
}
