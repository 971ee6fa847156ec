import ChargeModel
import DeviceProfiles

/// One seed, played from its start to its end, with what came of it.
package struct SeedRun: Sendable {
    package let scene: Scene
    package let plan: WorldPlan
    package let hash: TraceHash
    package let transactions: Int
    package let steps: Int
    package let simulated: Duration
    package let violation: Violation?
    /// Empty unless recorded.
    package let transcript: [String]

    /// How long everything is left alone after the last fault, so that it can come to rest.
    package static let calm: Duration = .seconds(240)

    package init(_ scene: Scene, _ plan: WorldPlan, isRecording: Bool = false) {
        var simulation = Simulation(
            seed: scene.seed, plans: scene.stations, isRecording: isRecording)
        simulation.fuse = scene.fuse.map {
            SharedFuse(scene.stations, limit: $0.limit, phases: $0.phases)
        }
        simulation.begin(plan)
        simulation.run(for: scene.duration + Self.calm)
        if simulation.violations.isEmpty { simulation.checkEnd() }
        self.scene = scene
        self.plan = plan
        hash = simulation.hash
        transactions = simulation.transactions
        steps = simulation.steps
        simulated = simulation.start.duration(to: simulation.now)
        violation = simulation.violations.first
        transcript = simulation.transcript ?? []
    }

    package init(_ scene: Scene, isRecording: Bool = false) {
        self.init(scene, scene.plan, isRecording: isRecording)
    }

    /// Without the heartbeats that were taken: there are thousands.
    package var readableTranscript: [String] {
        transcript.filter { !$0.hasSuffix("  heartbeat") }
    }
}
