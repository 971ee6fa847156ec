import ChargeModel
import Testing

@testable import AgentSimulation

/// Worlds that have broken an invariant once, and hold since.
@Suite struct KeptSeedTests {
    struct Kept: CustomTestStringConvertible {
        var profile: String
        var seed: UInt64
        /// What is needed of the plan of three hours; nil for all of it.
        var deeds: [Int]?
        var testDescription: String { "\(profile), seed \(seed)" }
    }

    static let kept = [
        // A window that had ended while the agent was down was opened for a moment.
        Kept(profile: "reference-22kw", seed: 1, deeds: [173, 177]),
        // A setpoint that expires was not renewed before somebody had asked for something.
        Kept(profile: "foxess-evc", seed: 1, deeds: []),
        // A limit that a cable had held down was renewed as such, and stayed.
        Kept(profile: "alfen-eve", seed: 2, deeds: [11, 12]),
        // What a vehicle drew in the failsafe was taken for having been switched on.
        Kept(profile: "em2go-duo", seed: 2),
    ]

    @Test(arguments: kept)
    func r15_whatHasBrokenHolds(kept: Kept) throws {
        let scene = Scene(
            seed: kept.seed, profile: try Devices.profile(kept.profile),
            duration: .seconds(3 * 3_600))
        let plan = kept.deeds.map { scene.plan.keeping($0) } ?? scene.plan
        let run = SeedRun(scene, plan, isRecording: true)
        let lines = run.readableTranscript.suffix(30).joined(separator: "\n")
        #expect(run.violation == nil, "\(lines)")
    }
}
