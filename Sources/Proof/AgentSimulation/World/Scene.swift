import ChargeModel
import DeviceProfiles
import WallboxModel

/// Which wallboxes a seed plays with, how they are configured, and how long.
package struct Scene: Hashable, Sendable {
    package let seed: UInt64
    package let duration: Duration
    package private(set) var stations: [StationPlan]
    package private(set) var fuse: Fuse?
    package private(set) var traits = WorldPlan.Traits()

    /// The fuse that all stations hang on.
    package struct Fuse: Hashable, Sendable {
        package var limit: Milliamperes
        package var phases: [PhaseSet]
    }

    /// For people, a line for each wallbox.
    package var words: [String] {
        var lines = stations.map { plan in
            "\(plan.name): \(plan.profile.id), max \(plan.installationMaximum), safe "
                + "\(plan.safeCurrent), poll \(plan.poll), start delay \(plan.startDelay)"
                + (plan.switchesPhases ? ", switches phases" : "")
        }
        if let fuse {
            let phases = fuse.phases.map { "\($0.indices.map { "L\($0 + 1)" }.joined())" }
            lines.append("a fuse of \(fuse.limit), on \(phases.joined(separator: ", "))")
        }
        return lines
    }

    /// What the seed plans for it.
    package var plan: WorldPlan {
        var traits = traits
        traits.switching = stations.indices.filter { stations[$0].switchesPhases }
        return WorldPlan(seed: seed, stations: stations.count, duration: duration, traits: traits)
    }

    /// One wallbox of a profile, polled every second.
    package init(seed: UInt64, profile: DeviceProfile, duration: Duration) {
        self.seed = seed
        self.duration = duration
        var random = SeededRandom(seed: seed)
        var plan = Self.station("box", profile, &random)
        plan.poll = .seconds(1)
        stations = [plan]
    }

    /// One wallbox of any profile, two, or a few that share a fuse, as the seed decides.
    ///
    /// - Parameters:
    ///   - profiles: At least one, in a stable order.
    ///   - sharing: The profiles that may hang on a shared fuse.
    package init(
        seed: UInt64, profiles: [DeviceProfile], sharing: [String], duration: Duration
    ) {
        self.seed = seed
        self.duration = duration
        var random = SeededRandom(seed: seed)
        let sharing = profiles.filter { sharing.contains($0.id) }
        stations = []
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where !sharing.isEmpty: share(sharing, &random)
        case 1, 2: stations = (0..<2).map { Self.any(of: profiles, "box-\($0)", &random) }
        default: stations = [Self.any(of: profiles, "box", &random)]
        }
    }

    private static func any(
        of profiles: [DeviceProfile], _ name: String, _ random: inout SeededRandom
    ) -> StationPlan {
        station(name, profiles[Int.random(in: profiles.indices, using: &random)], &random)
    }

    /// An installation that is drawn, as every scene has it.
    package static func station(
        _ name: String, _ profile: DeviceProfile, _ random: inout SeededRandom
    ) -> StationPlan {
        var plan = StationPlan(name: name, profile: profile)
        plan.installationMaximum = .amperes(
            [10, 16, 20, 32][Int.random(in: 0..<4, using: &random)])
        plan.safeCurrent = .amperes([0, 6, 8][Int.random(in: 0..<3, using: &random)])
        plan.startDelay = .seconds([0, 0, 40][Int.random(in: 0..<3, using: &random)])
        plan.poll = .seconds([1, 2, 5, 10][Int.random(in: 0..<4, using: &random)])
        plan.switchesPhases = profile.control.phaseSwitch != nil && Bool.random(using: &random)
        return plan
    }

    /// Three or four that come up with their safe current.
    private mutating func share(_ profiles: [DeviceProfile], _ random: inout SeededRandom) {
        let safe = Milliamperes.amperes(6)
        let count = Int.random(in: 3...4, using: &random)
        stations = (0..<count).map { index in
            var plan = Self.any(of: profiles, "box-\(index)", &random)
            plan.installationMaximum = .amperes(32)
            plan.safeCurrent = safe
            plan.startDelay = .zero
            plan.poll = .seconds([1, 1, 2, 5][Int.random(in: 0..<4, using: &random)])
            plan.options.factorySetpoint = safe
            plan.group = "garage"
            return plan
        }
        let phases = stations.map { plan -> PhaseSet in
            guard plan.profile.electrical.phases == 1 else { return .all }
            return [.l1, .l2, .all][Int.random(in: 0..<3, using: &random)]
        }
        let spare = Int.random(in: 0...24, using: &random)
        fuse = Fuse(limit: .amperes(6 * count + spare), phases: phases)
        // What strangers write is no matter of the group.
        traits.hasStrangers = false
    }
}
