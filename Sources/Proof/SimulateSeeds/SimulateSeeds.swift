import AgentSimulation
import ArgumentParser
import ChargeModel
import Foundation

/// Plays the core against simulated wallboxes by the thousand seeds, in virtual time, and says with
/// which seed an invariant breaks (requirement R15). Ends with 1 then.
@main
struct SimulateSeeds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play the core in virtual time under faults, and check its invariants.",
        discussion: """
            Each seed is a world of its own: wallboxes, vehicles, clients and faults. The same seed \
            and commit give the same trace hash. On a broken invariant it prints a transcript, \
            shrinks the plan of what happens to what is needed, and prints how to replay it. See \
            docs/simulation.md.
            """)

    @Option(help: "How many seeds to play.")
    var seeds = 20

    @Option(help: "Simulated hours of each, such as 24 or 0.5.")
    var hours = 24.0

    @Option(help: "The first seed.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Further seeds to play, such as 286,578: some that have broken once.",
            valueName: "seeds"))
    var also: String?

    @Option(
        help: ArgumentHelp(
            "One wallbox of this profile, polled every second; without, the seed chooses.",
            valueName: "name"))
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "Of the plan of --seed, only what has these numbers, such as 3,17; - for nothing.",
            valueName: "numbers"))
    var keep: String?

    @Option(help: "How many seeds are played at once; one for each processor by default.")
    var jobs = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: ArgumentHelp("The folder of the device profiles.", valueName: "folder"))
    var devices = "devices"

    @Flag(help: "Play all seeds, also after one has broken an invariant.")
    var all = false

    @Flag(help: "Print everything that happens; for one seed.")
    var transcript = false

    func validate() throws {
        guard 1...10_000_000 ~= seeds else {
            throw ValidationError("--seeds is 1 to 10000000, not \(seeds).")
        }
        guard hours > 0, hours <= 8_784 else {
            throw ValidationError("--hours is more than 0 and at most 8784 (a year), not \(hours).")
        }
        guard 1...256 ~= jobs else {
            throw ValidationError("--jobs is 1 to 256, not \(jobs).")
        }
        guard seed <= UInt64.max - UInt64(seeds) else {
            throw ValidationError("--seed \(seed) leaves no room for \(seeds) seeds.")
        }
        _ = try keptNumbers()
        _ = try chosenSeeds()
    }

    /// nil for the whole plan.
    private func keptNumbers() throws -> [Int]? {
        guard let keep else { return nil }
        return keep == "-" ? [] : try Self.numbers(keep, option: "--keep")
    }

    private func chosenSeeds() throws -> [UInt64] {
        let range = seed..<seed + UInt64(seeds)
        let further: [UInt64] = try also.map { try Self.numbers($0, option: "--also") } ?? []
        return range + further.filter { !range.contains($0) }
    }

    private static func numbers<Number: FixedWidthInteger>(
        _ list: String, option: String
    ) throws -> [Number] {
        let numbers = list.split(separator: ",", omittingEmptySubsequences: false)
            .map { Number(String($0)) }
        guard !numbers.contains(nil) else {
            throw ValidationError("\(option) is a list of numbers such as 3,17, not \"\(list)\".")
        }
        return numbers.compactMap { $0 }
    }

    private var duration: Duration { .milliseconds(Int(hours * 3_600_000)) }

    func run() async throws {
        let scenes = try Scenes(folder: devices, profile: profile, duration: duration)
        if transcript || keep != nil {
            try replay(scenes)
            return
        }
        try await playAll()
    }

    // MARK: - One seed

    private func replay(_ scenes: Scenes) throws {
        let scene = scenes.scene(of: seed)
        var plan = scene.plan
        if let numbers = try keptNumbers() { plan = plan.keeping(numbers) }
        let run = SeedRun(scene, plan, isRecording: true)
        for line in scene.words { say(line) }
        for line in run.readableTranscript { say(line) }
        say("seed \(seed): trace \(run.hash), \(run.steps) steps")
        guard let violation = run.violation else { return }
        say("BROKEN \(violation)")
        throw ExitCode(1)
    }

    // MARK: - Many seeds

    private func playAll() async throws {
        let chosen = try chosenSeeds()
        let progress = Progress(chosen, isMixed: profile == nil, stopsAtFirst: !all)
        let usage = Usage()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(jobs, chosen.count) {
                group.addTask {
                    // Profiles of its own: references that all processors count hold them all up.
                    let scenes = try Scenes(folder: devices, profile: profile, duration: duration)
                    while let (place, seed) = progress.next() {
                        progress.played(seed, at: place, SeedRun(scenes.scene(of: seed)))
                    }
                }
            }
            try await group.waitForAll()
        }
        say(progress.summary(usage))
        guard let broken = progress.firstBroken else { return }
        let scenes = try Scenes(folder: devices, profile: profile, duration: duration)
        explain(broken, scenes)
        throw ExitCode(1)
    }

    private func explain(_ seed: UInt64, _ scenes: Scenes) {
        let scene = scenes.scene(of: seed)
        let run = SeedRun(scene)
        guard let violation = run.violation else { return }
        say("\nseed \(seed): BROKEN \(violation)")
        var shrinking = PlanShrinking(run.plan, brokenAfter: violation.after)
        while let candidate = shrinking.candidate {
            let attempt = SeedRun(scene, candidate).violation
            let isSame = attempt?.invariant == violation.invariant
            shrinking.played(brokenAfter: isSame ? attempt?.after : nil)
        }
        let smallest = shrinking.plan
        say(
            """

            Of \(run.plan.happenings.count) deeds these \(smallest.happenings.count) are enough \
            (\(shrinking.attempts) attempts):
            """)
        for happening in smallest.happenings { say("  \(happening)") }
        let replayed = SeedRun(scene, smallest, isRecording: true)
        say("\nWhere it happens:")
        for line in scene.words { say("  \(line)") }
        say("\nWhat happens then, to its end:")
        for line in replayed.readableTranscript.suffix(Self.linesOfTranscript) {
            say("  \(line)")
        }
        if let violation = replayed.violation { say("  BROKEN \(violation)") }
        say("\nReplay: \(command(seed, smallest))")
    }

    private static let linesOfTranscript = 60

    private func command(_ seed: UInt64, _ plan: WorldPlan) -> String {
        let numbers = plan.happenings.map { "\($0.number)" }.joined(separator: ",")
        return "scripts/simulate --seed \(seed) --hours \(hours)"
            + (profile.map { " --profile \($0)" } ?? "")
            + " --keep \(numbers.isEmpty ? "-" : numbers)"
    }
}
