import ChargeControl
import ChargeModel
import DeviceProfiles
import Foundation
import Testing
import WallboxModel

@testable import AgentSimulation

/// Several wallboxes on one fuse, with links that fail, and wallboxes and agents that restart: what
/// they may draw together never exceeds the fuse, after any event.
@Suite struct SharedFuseTests {
    private static let safe = Milliamperes.amperes(6)

    /// Three or four wallboxes of all kinds that come up with their safe current.
    private static func simulation(
        seed: UInt64, isShared: Bool = true, isRecording: Bool = false
    ) throws -> Simulation {
        var random = SeededRandom(seed: seed)
        var kinds = ["reference-7kw", "reference-22kw", "alfen-eve", "reference-7kw"]
        if Bool.random(using: &random) { kinds[3] = "keba-p30" }
        if Bool.random(using: &random) { kinds.remove(at: Int.random(in: 0..<4, using: &random)) }
        let plans = try kinds.enumerated().map { index, kind in
            var plan = StationPlan(name: "box-\(index)", profile: try Devices.profile(kind))
            plan.installationMaximum = .amperes(32)
            plan.safeCurrent = safe
            plan.poll = .seconds([1, 1, 2, 5][Int.random(in: 0..<4, using: &random)])
            plan.options.factorySetpoint = safe
            plan.group = isShared ? "garage" : nil
            return plan
        }
        let fuse = 6 * kinds.count + Int.random(in: 0...24, using: &random)
        let phases = plans.map { plan -> PhaseSet in
            guard plan.profile.electrical.phases == 1 else { return .all }
            return [.l1, .l2, .all][Int.random(in: 0..<3, using: &random)]
        }
        var simulation = Simulation(seed: seed, plans: plans, isRecording: isRecording)
        simulation.fuse = SharedFuse(plans, limit: .amperes(fuse), phases: phases)
        simulation.fuse?.isShared = isShared
        return simulation
    }

    private static func run(
        seed: UInt64, for duration: Duration, isShared: Bool = true, isRecording: Bool = false
    ) throws -> Simulation {
        var simulation = try simulation(seed: seed, isShared: isShared, isRecording: isRecording)
        var traits = WorldPlan.Traits()
        traits.hasStrangers = false
        simulation.begin(
            WorldPlan(
                seed: seed, stations: simulation.stations.count, duration: duration,
                traits: traits))
        simulation.run(for: duration + .seconds(240))
        simulation.checkEnd()
        return simulation
    }

    /// As many as a test run in debug bears; more with `SIMULATION_SEEDS` and `SIMULATION_SECONDS`.
    private static let seeds: ClosedRange<UInt64> = {
        let text = ProcessInfo.processInfo.environment["SIMULATION_SEEDS"] ?? ""
        let bounds = text.split(separator: "-").compactMap { UInt64($0) }
        guard let first = bounds.first, let last = bounds.last, first <= last else { return 1...8 }
        return first...last
    }()

    private static let duration: Duration = .seconds(
        ProcessInfo.processInfo.environment["SIMULATION_SECONDS"].flatMap { Int($0) } ?? 900)

    @Test(arguments: Self.seeds)
    func theSumNeverExceedsTheFuse(seed: UInt64) throws {
        let simulation = try Self.run(seed: seed, for: Self.duration)
        guard let violation = simulation.violations.first else { return }
        let replay = try Self.run(seed: seed, for: Self.duration, isRecording: true)
        let lines = replay.transcript ?? []
        Issue.record("seed \(seed): \(violation)\n\(lines.suffix(80).joined(separator: "\n"))")
    }

    /// The check bites: the same world without a group exceeds the fuse.
    @Test func withoutAGroupTheFuseIsExceeded() throws {
        let exceeded = try (UInt64(1)...4).filter { seed in
            try Self.run(seed: seed, for: .seconds(900), isShared: false).violations.first?
                .invariant == .fuse
        }
        #expect(!exceeded.isEmpty)
    }

    @Test func undisturbedAllChargeWithEqualShares() throws {
        var simulation = try Self.simulation(seed: 3)
        simulation.startAgent()
        for index in simulation.stations.indices {
            let vehicle = Vehicle(phases: 3, maximumCurrent: .amperes(32))
            simulation.stations[index].box.plug(vehicle, at: simulation.now)
            simulation.after(.seconds(10 * (index + 1))) { $0.push(.charge, to: index) }
        }
        simulation.run(for: .seconds(180))
        #expect(simulation.violations == [])
        let fuse = try #require(simulation.fuse?.configuration.limit)
        let least = Milliamperes(fuse.rawValue / simulation.stations.count - 1000)
        for index in simulation.stations.indices {
            simulation.stations[index].box.advance(to: simulation.now)
            #expect(simulation.stations[index].box.truth.limit >= least)
        }
        // And the one that is left has what the others leave it.
        for index in simulation.stations.indices.dropFirst() {
            simulation.push(.idle, to: index)
        }
        simulation.run(for: .seconds(60))
        #expect(simulation.violations == [])
        simulation.stations[0].box.advance(to: simulation.now)
        let left = fuse - Milliamperes(6000 * (simulation.stations.count - 1))
        #expect(simulation.stations[0].box.truth.limit == min(left, .amperes(32)))
    }

    @Test func theSameSeedGivesTheSameTrace() throws {
        let first = try Self.run(seed: 7, for: .seconds(600))
        let second = try Self.run(seed: 7, for: .seconds(600))
        #expect(first.hash == second.hash)
        #expect(first.transactions > 1_000)
    }
}
