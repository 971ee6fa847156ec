import ChargeModel
import DeviceProfiles
import Testing

@testable import AgentSimulation

/// Plans: drawn from a seed, left out in part, and shrunk.
@Suite struct PlanTests {
    private static let plan = WorldPlan(seed: 7, stations: 2, duration: .seconds(7_200))

    @Test func aSeedAlwaysDrawsTheSamePlan() {
        #expect(Self.plan == WorldPlan(seed: 7, stations: 2, duration: .seconds(7_200)))
        #expect(Self.plan != WorldPlan(seed: 8, stations: 2, duration: .seconds(7_200)))
        #expect(Self.plan.happenings.map(\.number) == Array(Self.plan.happenings.indices))
        #expect(Self.plan.happenings.contains { $0.deed.isFault })
        #expect(Self.plan.happenings.contains { !$0.deed.isFault })
    }

    @Test func whatIsKeptStaysWhatItIs() {
        let kept = Self.plan.keeping([5, 3])
        #expect(kept.happenings == [Self.plan.happenings[3], Self.plan.happenings[5]])
        #expect(Self.plan.keeping([]).happenings.isEmpty)
    }

    /// What breaks it are two deeds, wherever they are.
    @Test(arguments: [[0, 1], [4, 30], [17]])
    func shrinkingFindsWhatIsNeeded(needed: [Int]) throws {
        let last = try #require(needed.max())
        let broken = Self.plan.happenings[last].after
        var shrinking = PlanShrinking(Self.plan, brokenAfter: broken)
        while let candidate = shrinking.candidate {
            let numbers = candidate.happenings.map(\.number)
            shrinking.played(brokenAfter: needed.allSatisfy(numbers.contains) ? broken : nil)
        }
        #expect(shrinking.plan.happenings.map(\.number) == needed)
        #expect(shrinking.attempts < 200)
    }

    @Test func whatBreaksWithoutAnyDeedShrinksToNothing() {
        var shrinking = PlanShrinking(Self.plan, brokenAfter: .seconds(7_200))
        while shrinking.candidate != nil { shrinking.played(brokenAfter: .seconds(3)) }
        #expect(shrinking.plan.happenings.isEmpty)
        #expect(shrinking.attempts <= 2)
    }

    @Test func r15_theSameSceneGivesTheSameTraceAndAnotherSeedAnother() throws {
        let profiles = try ["alfen-eve", "keba-p30", "reference-22kw", "reference-7kw"]
            .map { try Devices.profile($0) }
        func run(_ seed: UInt64) -> SeedRun {
            SeedRun(
                Scene(
                    seed: seed, profiles: profiles, sharing: profiles.map(\.id),
                    duration: .seconds(900)))
        }
        let first = run(3)
        #expect(first.hash == run(3).hash)
        #expect(first.hash != run(4).hash)
        #expect(first.transactions > 100)
    }
}
