import ChargeModel
import Testing

struct QuantityTests {
    @Test(arguments: [(7_360, 1, 32_000), (4_140, 3, 6_000), (4_139, 3, 5_998), (1, 3, 1)])
    func aPowerBecomesACurrentRoundedDown(watts: Int, phases: Int, milliamperes: Int) {
        #expect(Milliamperes(Watts(watts), phases: phases) == Milliamperes(milliamperes))
    }

    @Test func aCurrentBecomesAPowerRoundedDown() {
        #expect(Watts(.amperes(32), phases: 1) == Watts(7_360))
        #expect(Watts(.amperes(32), phases: 3) == Watts(22_080))
        #expect(Watts(Milliamperes(6_001), phases: 1) == Watts(1_380))
    }

    @Test func thereAndBackNeverGrows() {
        for milliamperes in stride(from: 0, through: 80_000, by: 7) {
            let current = Milliamperes(milliamperes)
            for phases in 1...3 {
                #expect(Milliamperes(Watts(current, phases: phases), phases: phases) <= current)
            }
        }
    }

    @Test(arguments: [(6_000, "6 A"), (6_500, "6.5 A"), (5, "0.005 A"), (-1_050, "-1.05 A")])
    func amperesReadAsPeopleWriteThem(milliamperes: Int, text: String) {
        #expect(Milliamperes(milliamperes).description == text)
    }
}

struct FreshnessTests {
    private func freshness(after age: Duration, poll: Duration) -> Freshness {
        let last = MonotonicInstant(nanoseconds: 5_000_000_000)
        return Freshness(lastPoll: last, now: last.advanced(by: age), poll: poll)
    }

    @Test func r26_ageDecidesBetweenLiveCacheAndFallback() {
        #expect(freshness(after: .milliseconds(1_500), poll: .seconds(1)) == .live)
        #expect(freshness(after: .milliseconds(1_501), poll: .seconds(1)) == .cache)
        #expect(freshness(after: .seconds(10), poll: .seconds(1)) == .cache)
        #expect(freshness(after: .milliseconds(10_001), poll: .seconds(1)) == .fallback)
        #expect(freshness(after: .seconds(60), poll: .seconds(20)) == .cache)
        #expect(freshness(after: .seconds(61), poll: .seconds(20)) == .fallback)
    }

    @Test func r26_whatWasNeverReadIsFallback() {
        let now = MonotonicInstant(nanoseconds: 0)
        #expect(Freshness(lastPoll: nil, now: now, poll: .seconds(1)) == .fallback)
    }

    @Test func aReadingIsGivenOnlyWhileItIsYoungEnough() {
        let time = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 0), wall: WallInstant(milliseconds: 0))
        let reading = Reading.captured(Watts(7_000), at: time)
        let later = time.advanced(by: .seconds(2))
        #expect(reading.value(notOlderThan: .seconds(2), at: later) == Watts(7_000))
        #expect(reading.value(notOlderThan: .seconds(1), at: later) == nil)
        #expect(Reading<Watts>.absent(.refused).value == nil)
    }
}

struct SeededRandomTests {
    @Test func aSeedGivesTheSameSequenceEverywhere() {
        var random = SeededRandom(seed: 0)
        // The first outputs of SplitMix64 from seed 0, as its authors publish them.
        #expect(random.next() == 0xE220_A839_7B1D_CDAF)
        #expect(random.next() == 0x6E78_9E6A_A1B9_65F4)
        #expect(random.next() == 0x06C4_5D18_8009_454F)
    }
}

struct PilotStateTests {
    @Test func aStateTellsConnectionAndOfferOnlyWhereItDoes() {
        #expect(PilotState.a.isVehicleConnected == false)
        #expect(PilotState.a.isOffering == nil)
        #expect(PilotState.e.isVehicleConnected == nil)
        #expect(PilotState.b1.isOffering == false)
        #expect(PilotState.c2.isOffering == true)
        #expect(PilotState.allCases.filter(\.isDrawing) == [.c2, .d2])
    }
}
