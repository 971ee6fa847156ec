import ChargeControl
import ChargeModel
import DeviceProfiles
import WallboxModel

/// The fuse that all stations of a simulation hang on, and the group that shares it.
struct SharedFuse {
    let configuration: FuseGroupConfiguration
    /// Whether anybody shares it: the others show that the check bites.
    var isShared = true
    private(set) var group: FuseGroup?

    init(_ plans: [StationPlan], limit: Milliamperes, phases: [PhaseSet]) {
        configuration = FuseGroupConfiguration(
            name: "garage", limit: limit,
            members: zip(plans, phases).map { plan, phases in
                let control = plan.profile.control
                return FuseGroupConfiguration.Member(
                    charger: ChargerID(plan.name), phases: phases, minimum: control.minimum,
                    maximum: min(plan.installationMaximum, control.maximum), step: control.step,
                    reserve: plan.safeCurrent, poll: plan.poll)
            })
    }

    /// The agent starts: it knows nothing of what was shared before.
    mutating func start(at now: MonotonicInstant) {
        group = isShared ? FuseGroup(configuration: configuration, at: now) : nil
    }

    mutating func exchange(
        _ report: MemberReport, of index: Int, at now: MonotonicInstant
    ) -> GroupShare? {
        group?.exchange(report, of: index, at: now)
    }
}

extension Simulation {
    /// As the runtime does with each tick and each snapshot.
    mutating func exchangeShare(_ index: Int) {
        guard fuse?.group != nil, let agent = stations[index].agent else { return }
        let report = agent.control.report(told: agent.target, snapshot: agent.snapshot)
        let share = fuse?.exchange(report, of: index, at: now)
        stations[index].agent?.control.shareGiven(share)
    }

    /// What the wallboxes may draw together: each what is in force in it, or what it falls to.
    mutating func checkFuse() {
        guard let fuse else { return }
        var drawn: [Milliamperes] = []
        for index in stations.indices {
            // What another device does in place of one is no matter of the group.
            guard !stations[index].isImpostor else {
                drawn.append(.zero)
                continue
            }
            stations[index].box.advance(to: now)
            let truth = stations[index].box.truth
            let fallback = truth.failsafe.timeout > .zero ? truth.failsafe.current : .zero
            drawn.append(max(truth.limit, fallback))
        }
        for phase in PhaseSet.all.indices {
            var sum = Milliamperes.zero
            for (current, member) in zip(drawn, fuse.configuration.members)
            where member.phases.indices.contains(phase) {
                sum = sum + current
            }
            expect(
                .fuse, sum <= fuse.configuration.limit, 0,
                "\(sum) on L\(phase + 1) of a fuse of \(fuse.configuration.limit): \(drawn)")
        }
    }
}
