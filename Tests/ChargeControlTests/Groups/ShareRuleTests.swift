import ChargeControl
import ChargeModel
import Testing

/// Who gets how much of a fuse, as a pure function.
@Suite struct ShareRuleTests {
    private static func entry(
        _ cap: Int, on phases: PhaseSet = .all, reserved: Int = 0,
        _ role: ShareRule.Role = .runs, step: Int = 100
    ) -> ShareRule.Entry {
        ShareRule.Entry(
            phases: phases, minimum: .amperes(6), step: Milliamperes(step), cap: .amperes(cap),
            reserved: .amperes(reserved), role: role)
    }

    private static func shares(_ entries: [ShareRule.Entry], fuse: Int) -> [Int] {
        ShareRule.shares(of: entries, fuse: .amperes(fuse)).map(\.rawValue)
    }

    // MARK: - Examples

    @Test func sharesAreEqualAtFirst() {
        #expect(Self.shares([Self.entry(32), Self.entry(32)], fuse: 32) == [16_000, 16_000])
        // In the steps of the wallbox, rounded down.
        #expect(
            Self.shares([Self.entry(32), Self.entry(32), Self.entry(32)], fuse: 32)
                == [10_600, 10_600, 10_600])
    }

    /// Requirement R2: what the step of a wallbox leaves below its minimum is a pause.
    @Test func r02_aShareIsAPauseOrAtLeastTheMinimum() {
        #expect(Self.shares([Self.entry(7, step: 4_000)], fuse: 32) == [0])
        #expect(Self.shares([Self.entry(9, step: 4_000)], fuse: 32) == [8_000])
    }

    @Test func whatOneCannotUseIsPassedOn() {
        #expect(Self.shares([Self.entry(10), Self.entry(32)], fuse: 32) == [10_000, 22_000])
        #expect(
            Self.shares([Self.entry(10), Self.entry(12), Self.entry(32)], fuse: 48)
                == [10_000, 12_000, 26_000])
        #expect(Self.shares([Self.entry(0), Self.entry(32)], fuse: 32) == [0, 32_000])
    }

    @Test func whatIsReservedIsKeptFree() {
        // An idle wallbox may fall to 6 A by itself; one that does not answer may be at 20 A.
        #expect(
            Self.shares([Self.entry(0, reserved: 6), Self.entry(32)], fuse: 32) == [0, 26_000])
        #expect(
            Self.shares(
                [Self.entry(0, reserved: 20, .none), Self.entry(32), Self.entry(32)], fuse: 32)
                == [0, 6_000, 6_000])
    }

    @Test func nobodyGetsLessThanSixAmperesButNothing() {
        #expect(
            Self.shares([Self.entry(32), Self.entry(32), Self.entry(32)], fuse: 17)
                == [8_500, 8_500, 0])
        #expect(Self.shares([Self.entry(5), Self.entry(32)], fuse: 32) == [0, 32_000])
    }

    @Test func phasesAreCountedByThemselves() {
        let entries = [
            Self.entry(32, on: .l1), Self.entry(32, on: .l2), Self.entry(32, on: .l1),
        ]
        #expect(Self.shares(entries, fuse: 20) == [10_000, 20_000, 10_000])
        // One on all phases is held down by the fullest.
        #expect(
            Self.shares(
                [Self.entry(32), Self.entry(32, on: .l1), Self.entry(32, on: .l2)], fuse: 20)
                == [10_000, 10_000, 10_000])
    }

    @Test func whoWaitsIsNotPassedByWhoWaitsBehind() {
        let entries = [
            Self.entry(32, on: .l1), Self.entry(32, .waits), Self.entry(32, on: .l1, .waits),
            Self.entry(32, on: .l2, .waits),
        ]
        // The first leaves 4 A: the one on three phases waits, and nobody takes what it waits for.
        #expect(Self.shares(entries, fuse: 10) == [10_000, 0, 0, 0])
        // One that can never have its minimum keeps nobody from theirs.
        let blocked =
            [Self.entry(0, on: .l1, reserved: 8, .none)] + [Self.entry(32, .waits)]
            + [Self.entry(32, on: .l2, .waits)]
        #expect(Self.shares(blocked, fuse: 10) == [0, 0, 10_000])
    }

    @Test func aSpareGetsItsMinimumIfNobodyElseCanUseIt() {
        #expect(Self.shares([Self.entry(32), Self.entry(6, .spare)], fuse: 32) == [32_000, 0])
        #expect(Self.shares([Self.entry(20), Self.entry(6, .spare)], fuse: 32) == [20_000, 6_000])
    }

    // MARK: - Properties

    private static func random(
        _ random: inout SeededRandom, phases: (inout SeededRandom) -> PhaseSet
    ) -> (entries: [ShareRule.Entry], fuse: Int) {
        let roles: [ShareRule.Role] = [.runs, .runs, .waits, .spare, .none]
        let entries = (0..<Int.random(in: 1...7, using: &random)).map { _ in
            entry(
                Int.random(in: 0...32, using: &random), on: phases(&random),
                reserved: [0, 0, 6, 6, 16][Int.random(in: 0..<5, using: &random)],
                roles[Int.random(in: 0..<5, using: &random)],
                step: [1, 100, 1000][Int.random(in: 0..<3, using: &random)])
        }
        return (entries, Int.random(in: 6...80, using: &random))
    }

    private static func anyPhases(_ random: inout SeededRandom) -> PhaseSet {
        [.l1, .l2, .l3, .all, .all][Int.random(in: 0..<5, using: &random)]
    }

    /// What each phase carries when everyone takes its share, or what is reserved for it.
    private static func loads(_ entries: [ShareRule.Entry], _ shares: [Int]) -> [Int] {
        (0..<3).map { phase in
            zip(entries, shares).filter { $0.0.phases.indices.contains(phase) }
                .map { max($0.0.reserved.rawValue, $0.1) }.reduce(0, +)
        }
    }

    @Test func theSumAndTheFloorHold() {
        for seed in UInt64(1)...4_000 {
            var random = SeededRandom(seed: seed)
            let (entries, fuse) = Self.random(&random, phases: Self.anyPhases)
            let shares = Self.shares(entries, fuse: fuse)
            let none = Self.loads(entries, entries.map { _ in 0 })
            for (load, least) in zip(Self.loads(entries, shares), none) {
                #expect(load <= max(fuse * 1000, least), "seed \(seed)")
            }
            for (entry, share) in zip(entries, shares) {
                #expect(share == 0 || share >= entry.minimum.rawValue, "seed \(seed)")
                #expect(share <= entry.cap.rawValue, "seed \(seed)")
                #expect(share % entry.step.rawValue == 0, "seed \(seed)")
                if entry.role == .none { #expect(share == 0, "seed \(seed)") }
            }
        }
    }

    /// Whoever has less than another on the same phases has all that it can use.
    @Test func nobodyHasLessThanAnotherButByItsOwnLimits() {
        for seed in UInt64(1)...1_000 {
            var random = SeededRandom(seed: seed)
            let (entries, fuse) = Self.random(&random, phases: { _ in .all })
            let shares = Self.shares(entries, fuse: fuse)
            for (left, mine) in zip(entries, shares) where mine > 0 && left.role != .spare {
                for (right, theirs) in zip(entries, shares) where theirs > 0 {
                    let step = max(left.step.rawValue, right.step.rawValue)
                    let hasAll = mine + left.step.rawValue > left.cap.rawValue
                    // What is reserved for another is not to be had.
                    let isTheirsAnyway = theirs <= right.reserved.rawValue
                    #expect(
                        mine + step > theirs || hasAll || isTheirsAnyway, "seed \(seed)")
                }
            }
        }
    }

    /// More current is never worse for one who had a place, as long as all have one.
    @Test func aLargerFuseTakesNothingFromAnybody() {
        for seed in UInt64(1)...1_000 {
            var random = SeededRandom(seed: seed)
            let (all, fuse) = Self.random(&random, phases: Self.anyPhases)
            let entries = all.filter { $0.role == .runs && $0.cap >= $0.minimum }
            let before = Self.shares(entries, fuse: fuse)
            guard before.allSatisfy({ $0 > 0 }), entries.allSatisfy({ $0.phases == .all }) else {
                continue
            }
            for (small, large) in zip(before, Self.shares(entries, fuse: fuse + 5)) {
                #expect(large >= small, "seed \(seed)")
            }
        }
    }

    /// Who asks for less never takes from the others.
    @Test func askingForLessLeavesMoreToTheOthers() {
        for seed in UInt64(1)...1_000 {
            var random = SeededRandom(seed: seed)
            var (entries, fuse) = Self.random(&random, phases: { _ in .all })
            entries = entries.filter { $0.role == .runs && $0.cap >= $0.minimum }
            let before = Self.shares(entries, fuse: fuse)
            guard before.allSatisfy({ $0 > 0 }), entries.count > 1 else { continue }
            entries[0].cap = max(entries[0].minimum, entries[0].cap - .amperes(4))
            let after = Self.shares(entries, fuse: fuse)
            for (small, large) in zip(before, after).dropFirst() {
                #expect(large >= small, "seed \(seed)")
            }
        }
    }

    /// Nothing is left over that somebody with a place could use.
    @Test func nothingUsableIsWasted() {
        for seed in UInt64(1)...1_000 {
            var random = SeededRandom(seed: seed)
            let (entries, fuse) = Self.random(&random, phases: Self.anyPhases)
            let shares = Self.shares(entries, fuse: fuse)
            let loads = Self.loads(entries, shares)
            for (entry, share) in zip(entries, shares) where share > 0 && entry.role != .spare {
                let left = entry.phases.indices.map { fuse * 1000 - loads[$0] }.min() ?? 0
                // Rounding down leaves less than a step of each.
                let isFull = left < 1000 * entries.count
                #expect(
                    isFull || share + entry.step.rawValue > entry.cap.rawValue, "seed \(seed)")
            }
        }
    }
}
