import ChargeControl
import ChargeModel
import Testing

/// Several chargers on one fuse, in time.
@Suite struct FuseGroupTests {
    @Test func sharesAreEqualAndNothingExceedsTheFuse() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.run(4)
        #expect(bench.shares == [-1, -1])
        bench.run(20)
        #expect(bench.setpoints == [16, 16])
        #expect(bench.violations == [])
        #expect(bench.reason(0).contains("shared equally"))
    }

    @Test func r12_nothingRisesUntilItIsKnownOfAllWhatTheyDo() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.cars[1].isUp = false
        bench.run(15)
        // The other may be at 32 A: nobody knows.
        #expect(bench.setpoints[0] == 6)
        bench.run(30)
        #expect(bench.shares == [0, -1])
        #expect(bench.reason(0).contains("does not answer"))
        bench.cars[1].isUp = true
        bench.run(240)
        #expect(bench.setpoints == [16, 16])
        #expect(bench.violations == [])
    }

    /// What another device shows at its address says nothing of it.
    @Test func r12_aForeignDeviceMakesNoRoom() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.run(30)
        #expect(bench.setpoints == [16, 16])
        bench.cars[1].isForeign = true
        bench.cars[1].wanted = .zero
        bench.run(20)
        #expect(bench.shares[0] == 16)
        #expect(bench.violations == [])
    }

    @Test func anIncreaseWaitsForTheReductionToBeVerified() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.cars[1].wanted = .zero
        bench.run(20)
        #expect(bench.setpoints == [26, 0])
        // The second wants to charge; the first does not obey at once.
        bench.cars[0].obeys = false
        bench.cars[1].wanted = .amperes(32)
        bench.run(15)
        #expect(bench.shares[0] == 16)
        #expect(bench.setpoints == [26, 6])
        bench.cars[0].obeys = true
        bench.run(1)
        #expect(bench.setpoints == [16, 6])
        bench.run(3)
        #expect(bench.setpoints == [16, 16])
        #expect(bench.violations == [])
    }

    @Test func whatAnIdleOneLeavesIsPassedOnButForItsReserve() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.run(30)
        bench.cars[0].wanted = .zero
        bench.run(20)
        #expect(bench.setpoints == [0, 26])
        var bare = GroupBench(fuse: 32, count: 2, found: 0, reserve: 0)
        bare.run(30)
        #expect(bare.setpoints == [16, 16])
        bare.cars[0].wanted = .zero
        bare.run(20)
        #expect(bare.setpoints == [0, 32])
        #expect(bench.violations + bare.violations == [])
    }

    @Test func whatAVehicleDoesNotDrawIsLentAndGivenBack() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.cars[0].draw = .amperes(8)
        bench.run(40)
        #expect(bench.setpoints == [16, 16])
        bench.run(70)
        #expect(bench.setpoints == [10, 22])
        #expect(bench.reason(0).contains("lent"))
        bench.cars[0].draw = .amperes(32)
        bench.run(20)
        #expect(bench.setpoints == [16, 16])
        #expect(bench.violations == [])
    }

    @Test func withoutAVehicleOnlyWhatNobodyElseCanUseIsKept() {
        var bench = GroupBench(fuse: 32, count: 2, found: 0, reserve: 0)
        bench.cars[0].isConnected = false
        bench.run(30)
        #expect(bench.setpoints == [0, 32])
        bench.cars[1].wanted = .amperes(20)
        bench.run(20)
        #expect(bench.setpoints == [6, 20])
        #expect(bench.reason(0).contains("no vehicle"))
        bench.cars[0].isConnected = true
        bench.run(20)
        #expect(bench.setpoints == [16, 16])
        #expect(bench.violations == [])
    }

    @Test func oneThatDoesNotAnswerCountsWithWhatItMayStandAt() {
        var bench = GroupBench(fuse: 32, count: 3)
        bench.cars[2].wanted = .zero
        bench.run(30)
        #expect(bench.setpoints == [13, 13, 0])
        bench.cars[0].isUp = false
        bench.cars[1].wanted = .amperes(32)
        bench.cars[2].wanted = .amperes(32)
        bench.run(60)
        #expect(bench.setpoints[0] == 13)
        #expect(bench.setpoints[1] + bench.setpoints[2] <= 19)
        #expect(bench.setpoints[2] >= 6)
        bench.cars[0].isUp = true
        bench.run(240)
        #expect(bench.setpoints == [10, 10, 10])
        #expect(bench.violations == [])
    }

    @Test func oneThatIsFoundAboveItsShareCountsWithThatUntilItIsLower() {
        var bench = GroupBench(fuse: 32, count: 2, found: 16)
        bench.run(30)
        // Somebody sets it up, and it stays there for a while.
        bench.cars[0].setpoint = .amperes(26)
        bench.cars[0].obeys = false
        bench.run(5)
        #expect(bench.group.view.members[0].counted == .amperes(26))
        bench.run(30)
        // It does not obey: the other makes room.
        #expect(bench.setpoints == [26, 6])
        bench.cars[0].obeys = true
        bench.run(30)
        #expect(bench.setpoints == [16, 16])
    }

    @Test func oneThatCannotBeReadCountsWithAllUntilItWasTold() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.cars[0].isMute = true
        bench.run(4)
        #expect(bench.group.view.members[0].counted == .amperes(32))
        #expect(bench.setpoints == [6, 6])
        bench.run(20)
        #expect(bench.setpoints == [16, 16])
        #expect(bench.group.view.members.map(\.counted) == [.amperes(16), .amperes(16)])
        #expect(bench.violations == [])
    }

    /// It waits for an authorisation: its pilot offers nothing, and the 16 A of before stand behind it.
    @Test func zeroBesideARefusedWriteMakesNoRoom() {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.run(30)
        #expect(bench.setpoints == [16, 16])
        bench.cars[0].isWithholding = true
        bench.cars[0].wanted = .amperes(6)
        bench.run(60)
        #expect(bench.cars[0].told?.limit == .amperes(6))
        #expect(bench.setpoints == [16, 16])
        bench.cars[0].isWithholding = false
        bench.run(30)
        #expect(bench.setpoints == [6, 26])
        #expect(bench.violations == [])
    }

    @Test func aShareIsALease() throws {
        var bench = GroupBench(fuse: 32, count: 2)
        bench.run(10)
        let share = try #require(bench.cars[1].share)
        #expect(bench.now.duration(to: share.validUntil) == .seconds(10))
    }

    @Test func onePhaseCountsWhereItHangs() {
        var bench = GroupBench(fuse: 20, count: 3, phases: [.l1, .l2, .all])
        bench.cars[2].wanted = .zero
        bench.run(30)
        #expect(bench.setpoints == [14, 14, 0])
        bench.cars[2].wanted = .amperes(32)
        bench.run(30)
        #expect(bench.setpoints == [10, 10, 10])
        #expect(bench.violations == [])
    }

    // MARK: - When not all can have their minimum

    @Test func whoWaitsLongestComesNextAndNobodyStarves() {
        var bench = GroupBench(fuse: 13, count: 4, found: 0, reserve: 0)
        var charged = [0, 0, 0, 0]
        bench.run(3 * 3600) { bench in
            for (index, setpoint) in bench.setpoints.enumerated() where setpoint >= 6 {
                charged[index] += 1
            }
        }
        #expect(bench.violations == [])
        // Two places for four: each has its half of the time, give or take a turn.
        for seconds in charged { #expect(seconds > 3600 && seconds < 2 * 3600 + 900) }
    }

    @Test func r11_whoWasStoppedForAnotherStaysStoppedForAWhile() throws {
        var timing = FuseGroupTiming()
        timing.turn = .seconds(60)
        var bench = GroupBench(fuse: 7, count: 2, found: 0, reserve: 0, timing: timing)
        bench.run(100)
        let stopped = try #require(bench.toggles.last { bench.cars[$0.member].setpoint == .zero })
        // The other leaves at once: its place is free.
        bench.cars[1 - stopped.member].isConnected = false
        bench.cars[1 - stopped.member].wanted = .zero
        bench.run(400)
        let started = try #require(bench.toggles.last { $0.member == stopped.member })
        #expect(bench.cars[stopped.member].setpoint > .zero)
        #expect(stopped.at.duration(to: started.at) >= .seconds(180))
    }

    @Test func r11_startsAndStopsForTheSakeOfOthersAreSeldom() {
        var timing = FuseGroupTiming()
        // Turns so short that the bounds themselves must hold.
        timing.turn = .seconds(60)
        var bench = GroupBench(fuse: 7, count: 3, found: 0, reserve: 0, timing: timing)
        bench.run(4 * 3600)
        #expect(bench.violations == [])
        for member in bench.cars.indices {
            let times = bench.toggles.filter { $0.member == member }.map(\.at)
            #expect(times.count > 10)
            for (index, time) in times.enumerated() {
                let hour = times[index...].prefix { time.duration(to: $0) < .seconds(3600) }
                #expect(hour.count <= 10, "member \(member)")
            }
        }
    }

    @Test func oneThatSleepsGivesItsPlaceToWhoWaits() {
        var bench = GroupBench(fuse: 8, count: 2, found: 0, reserve: 0)
        bench.run(30)
        #expect(bench.setpoints == [8, 0])
        bench.cars[0].draw = .zero
        bench.run(90)
        #expect(bench.setpoints == [0, 8])
        #expect(bench.violations == [])
    }

    // MARK: - Seeded

    /// Whatever people, links and vehicles do, the sum holds, and whoever wants to charge does.
    @Test(arguments: [UInt64(1)...10])
    func theSumHoldsAtEveryMoment(seeds: ClosedRange<UInt64>) {
        for seed in seeds {
            var random = SeededRandom(seed: seed)
            let count = Int.random(in: 2...5, using: &random)
            let reserve = Bool.random(using: &random) ? 6 : 0
            let fuse = max(reserve * count, 6) + Int.random(in: 0...30, using: &random)
            let phases: [PhaseSet] = (0..<count).map { _ in
                [.l1, .l2, .all][Int.random(in: 0..<3, using: &random)]
            }
            var bench = GroupBench(
                fuse: fuse, count: count, found: reserve, reserve: reserve, phases: phases)
            var waited = Array(repeating: 0, count: count)
            bench.run(1800) { bench in
                Self.disturb(&bench, &random)
                for index in bench.cars.indices {
                    let car = bench.cars[index]
                    let isServed = car.setpoint >= .amperes(6) || car.wanted == .zero
                    let isAsking = car.isConnected && bench.cars.allSatisfy { $0.isUp && $0.obeys }
                    waited[index] = isServed || !isAsking ? 0 : waited[index] + 1
                    // Everyone before it may have a turn, and some time to hand over.
                    #expect(waited[index] < count * 960 + 60, "seed \(seed)")
                }
            }
            #expect(bench.violations == [], "seed \(seed)")
        }
    }

    private static func disturb(_ bench: inout GroupBench, _ random: inout SeededRandom) {
        let index = Int.random(in: bench.cars.indices, using: &random)
        switch Int.random(in: 0..<600, using: &random) {
        case 0: bench.cars[index].wanted = .zero
        case 1: bench.cars[index].wanted = .amperes(Int.random(in: 6...32, using: &random))
        case 2: bench.cars[index].isConnected.toggle()
        case 3: bench.cars[index].draw = .amperes(Int.random(in: 0...32, using: &random))
        case 4: bench.cars[index].isUp = false
        case 5: bench.cars[index].obeys = false
        case 6: bench.cars[index].delay = Int.random(in: 0...4, using: &random)
        case 7...20:
            bench.cars[index].isUp = true
            bench.cars[index].obeys = true
        default: break
        }
    }
}
