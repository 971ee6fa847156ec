import ChargeControl
import ChargeModel
import Testing

/// Seeded: many deferred actions one after the other, with a clock that steps and is trusted now and
/// then. Nothing is early, nothing runs twice, every action ends once.
struct WindowPropertyTests {
    @Test(arguments: UInt64(1)...60)
    func r21_deferredActionsAreNeverEarlyAndNeverRunTwice(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        var started: [Action.ID: WallInstant] = [:]
        var pushed = 0
        for _ in 0..<4_000 {
            if Int.random(in: 0..<40, using: &random) == 0 {
                push(&bench, &random)
                pushed += 1
            }
            if Int.random(in: 0..<300, using: &random) == 0 {
                let step = Int.random(in: -7_200...7_200, using: &random)
                bench.now.wall = bench.now.wall.advanced(by: .seconds(step))
            }
            if Int.random(in: 0..<200, using: &random) == 0 { bench.now.isWallTrusted.toggle() }
            bench.wait(.seconds(Int.random(in: 1...20, using: &random)))
            bench.tick()
            note(bench, &started)
            if Int.random(in: 0..<5, using: &random) != 0 { bench.obey() }
        }
        var ended: [Action.ID] = []
        for action in bench.ends { ended.append(action.id) }
        #expect(Set(ended).count == ended.count, "an action ended twice, seed \(seed)")
        let unfinished = bench.accepted.filter { action in !ended.contains(action.id) }
        #expect(unfinished.count <= 1, "seed \(seed)")
        #expect(pushed > 50 && ended.count > 10, "the test does what it says, seed \(seed)")
    }

    private func push(_ bench: inout ControlBench, _ random: inout SeededRandom) {
        let start = bench.now.wall.advanced(
            by: .seconds(Int.random(in: 1...600, using: &random)))
        let end =
            Int.random(in: 0..<2, using: &random) == 0
            ? start.advanced(by: .seconds(Int.random(in: 1...900, using: &random))) : nil
        let isIdle = end == nil && Int.random(in: 0..<2, using: &random) == 0
        bench.push(
            isIdle ? .idle : .charge,
            ActionTiming(
                start: start, isRelative: Int.random(in: 0..<3, using: &random) == 0, end: end),
            onConflict: Int.random(in: 0..<2, using: &random) == 0 ? .cancelAndReplace : nil)
    }

    /// An action that is carried out now had its time, by the wall clock or, if it was relative, by
    /// the steady one.
    private func note(_ bench: ControlBench, _ started: inout [Action.ID: WallInstant]) {
        guard let action = bench.engine.lastAction, action.state == .acknowledged,
            started[action.id] == nil, let start = action.start
        else { return }
        started[action.id] = bench.now.wall
        if let due = action.startOnBoot {
            #expect(bench.now.monotonic >= due.at, "\(action.id.rawValue) is early")
        } else if bench.now.isWallTrusted {
            #expect(bench.now.wall >= start, "\(action.id.rawValue) is early")
        }
        if action.command == .charge, action.startOnBoot == nil {
            #expect(bench.now.isWallTrusted, "\(action.id.rawValue) without a trusted clock")
        }
    }
}
