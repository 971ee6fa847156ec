import ChargeControl
import ChargeModel
import Testing

/// The action state machine as a whole: from every state, every request a client can make and every
/// end of its commit. What is in which state is brought about by pushes alone.
struct ActionTableTests {
    enum Start: CaseIterable {
        case empty, scheduledCharge, scheduledWindow, scheduledIdle, chargeInFlight, idleInFlight
    }

    enum Shape: CaseIterable {
        case immediate, scheduled, windowed
    }

    enum Fate: CaseIterable {
        case commits, fails
    }

    private static func timing(_ shape: Shape, _ bench: ControlBench) -> ActionTiming? {
        let start = bench.now.wall.advanced(by: .seconds(600))
        switch shape {
        case .immediate: return nil
        case .scheduled: return ActionTiming(start: start)
        case .windowed: return ActionTiming(start: start, end: start.advanced(by: .seconds(600)))
        }
    }

    private static func bench(_ start: Start) -> ControlBench {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(.b2, setpoint: .zero)
        switch start {
        case .empty: break
        case .scheduledCharge: bench.push(.charge, timing(.scheduled, bench))
        case .scheduledWindow: bench.push(.charge, timing(.windowed, bench))
        case .scheduledIdle: bench.push(.idle, timing(.scheduled, bench))
        case .chargeInFlight: bench.push(.charge)
        case .idleInFlight: bench.push(.idle)
        }
        return bench
    }

    private enum Verdict: Equatable {
        case accepted
        case conflict(ConflictReason)
        case notSupported
    }

    /// The contract's sentences, one after the other.
    private static func verdict(
        _ start: Start, _ command: ChargeCommand, _ shape: Shape, _ strategy: ConflictStrategy?
    ) -> Verdict {
        if command == .idle, shape == .windowed { return .notSupported }
        switch start {
        case .empty:
            return .accepted
        case .scheduledCharge, .scheduledWindow, .scheduledIdle:
            return strategy == nil ? .conflict(.noStrategySupplied) : .accepted
        case .chargeInFlight where command == .idle && shape == .immediate:
            return .accepted
        case .chargeInFlight, .idleInFlight:
            return .conflict(strategy == nil ? .noStrategySupplied : .actionInFlight)
        }
    }

    @Test(arguments: Start.allCases, ChargeCommand.allCases)
    func everyPushInEveryState(start: Start, command: ChargeCommand) throws {
        for shape in Shape.allCases {
            for strategy in [nil, ConflictStrategy.cancelAndReplace] {
                for fate in Fate.allCases {
                    try check(start, command, shape, strategy, fate)
                }
            }
        }
    }

    private func check(
        _ start: Start, _ command: ChargeCommand, _ shape: Shape, _ strategy: ConflictStrategy?,
        _ fate: Fate
    ) throws {
        var bench = Self.bench(start)
        let before = bench.engine
        let ends = bench.ends.count
        let accepted = bench.accepted.count
        let timing = Self.timing(shape, bench)
        bench.push(command, timing, onConflict: strategy, commits: fate == .commits)
        let context = Comment("\(start), \(command) \(shape), \(String(describing: strategy))")
        switch Self.verdict(start, command, shape, strategy) {
        case .notSupported:
            guard case .executionNotSupported = bench.refusals.last else {
                Issue.record("taken: \(context)")
                return
            }
        case .conflict(let expected):
            guard
                case .conflict(expected, [Action.ID("action_1")], let strategies)? =
                    bench.refusals.last
            else {
                Issue.record("\(bench.refusals) for \(context)")
                return
            }
            #expect((strategies == nil) == (expected == .actionInFlight), context)
            #expect(bench.engine.view == before.view, context)
        case .accepted where fate == .fails:
            #expect(bench.engine.view == before.view, "counts for nothing yet: \(context)")
            bench.failCommits(with: .full)
            #expect(bench.refusals.last == .storeFull, context)
            #expect(bench.engine.view == before.view, "as if it had never come: \(context)")
            #expect(bench.ends.count == ends, context)
        case .accepted:
            let action = try #require(bench.accepted.last, context)
            #expect(bench.accepted.count == accepted + 1, context)
            #expect(action.state == (shape == .immediate ? .acknowledged : .scheduled), context)
            #expect(action.start == timing?.start && action.end == timing?.end, context)
            #expect(bench.ends.count == ends + (start == .empty ? 0 : 1), context)
            #expect(bench.engine.lastAction == action, context)
            if start != .empty {
                let ended = try #require(bench.ends.last, context)
                #expect(ended.id == Action.ID("action_1"), context)
                #expect(
                    start == .chargeInFlight
                        ? ended.failureCode == .superseded : ended.state == .cancelled, context)
                let change = try #require(
                    bench.persisted.first { $0.actions.contains { $0.id == action.id } }, context)
                #expect(change.actions.count == 2, "both in one commit: \(context)")
            }
        }
    }

    @Test(arguments: Start.allCases, Fate.allCases)
    func everyCancelInEveryState(start: Start, fate: Fate) {
        var bench = Self.bench(start)
        let before = bench.engine.view
        bench.cancel("action_1", commits: fate == .commits)
        switch start {
        case .empty:
            #expect(bench.refusals == [.unknownAction])
        case .chargeInFlight, .idleInFlight:
            #expect(bench.refusals == [.notCancellable(.acknowledged)])
        case .scheduledCharge, .scheduledWindow, .scheduledIdle:
            if fate == .commits {
                #expect(bench.accepted.last?.state == .cancelled)
                #expect(bench.engine.view.currentSchedule == nil)
            } else {
                bench.failCommits(with: .unavailable(reason: "test"))
                #expect(bench.engine.view == before)
                bench.cancel("action_1")
                #expect(bench.accepted.last?.state == .cancelled, "and can be cancelled again")
            }
        }
    }
}
