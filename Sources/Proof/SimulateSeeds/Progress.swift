import AgentSimulation
import ChargeModel
import Foundation
import Synchronization

/// A line for the terminal, at once also into a file: who waits wants to see how far it is.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Hands out seeds, and keeps what came of them.
final class Progress: Sendable {
    private struct State {
        /// The place of the next seed.
        var next = 0
        /// In the order of the seeds, whoever was ready first.
        var hashes: [TraceHash?]
        var broken: [(seed: UInt64, violation: Violation)] = []
        var played = 0
        var transactions = 0
        var simulated = Duration.zero
        /// The simulated time of each wallbox, added up.
        var ofWallboxes = Duration.zero
    }

    private let seeds: [UInt64]
    private let stopsAtFirst: Bool
    /// Whether the seeds choose profiles: such a mix is as fast as what it is made of.
    private let isMixed: Bool
    private let state: Mutex<State>

    /// A line of progress with every so many of all seeds.
    private static let lines = 10

    init(_ seeds: [UInt64], isMixed: Bool, stopsAtFirst: Bool) {
        self.seeds = seeds
        self.isMixed = isMixed
        self.stopsAtFirst = stopsAtFirst
        state = Mutex(State(hashes: Array(repeating: nil, count: seeds.count)))
    }

    /// The next seed to play, and its place among all; nil when there is none.
    func next() -> (place: Int, seed: UInt64)? {
        state.withLock { state in
            guard state.next < seeds.count else { return nil }
            if stopsAtFirst, !state.broken.isEmpty { return nil }
            defer { state.next += 1 }
            return (state.next, seeds[state.next])
        }
    }

    func played(_ seed: UInt64, at place: Int, _ run: SeedRun) {
        let line = state.withLock { state -> String? in
            state.hashes[place] = run.hash
            state.played += 1
            state.transactions += run.transactions
            state.simulated += run.simulated
            state.ofWallboxes += run.simulated * run.scene.stations.count
            if let violation = run.violation {
                state.broken.append((seed, violation))
                return "seed \(seed): BROKEN \(violation)"
            }
            guard state.played.isMultiple(of: max(seeds.count / Self.lines, 1)) else { return nil }
            return "\(state.played) of \(seeds.count) seeds"
        }
        if let line { say(line) }
    }

    var firstBroken: UInt64? {
        state.withLock { $0.broken.map(\.seed).min() }
    }

    /// Everything in a few lines.
    func summary(_ usage: Usage) -> String {
        state.withLock { state in
            var trace = TraceHash()
            for hash in state.hashes { trace.add(Int64(bitPattern: hash?.value ?? 0)) }
            let simulated = state.simulated / .seconds(1)
            let ofWallboxes = state.ofWallboxes / .seconds(1)
            return """
                \(state.played) \(isMixed ? "mixed " : "")seeds, \(state.broken.count) broken, trace \(trace)
                \(Self.rounded(simulated / 3600)) h simulated \
                (\(Self.rounded(ofWallboxes / 3600)) h of wallboxes, \
                \(state.transactions) transactions) in \(Self.rounded(usage.elapsed)) s: \
                \(Self.rounded(simulated / 3600 / usage.elapsed)) h/s
                \(Self.rounded(simulated / usage.elapsed)) times real time; \
                \(Self.rounded(ofWallboxes / usage.processorTime)) times for each wallbox\
                \(isMixed ? " of the mix" : "") and second of a processor
                """
        }
    }

    private static func rounded(_ value: Double) -> String {
        value < 100 ? String(format: "%.1f", value) : String(format: "%.0f", value)
    }
}

/// What the run costs, from the creation of this value on.
struct Usage {
    private let start = ContinuousClock.now
    private let processor = Self.processorSeconds

    var elapsed: Double { start.duration(to: .now) / .seconds(1) }
    /// Of all processors together.
    var processorTime: Double { Self.processorSeconds - processor }

    private static var processorSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}
