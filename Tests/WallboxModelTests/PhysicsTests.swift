import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

/// What happens between pilot signal, contactor, vehicle and meter, and when (IEC 61851-1).
@Suite struct PhysicsTests {
    let small: DeviceProfile
    let large: DeviceProfile

    init() throws {
        small = try DeviceFile.profile("reference-7kw")
        large = try DeviceFile.profile("reference-22kw")
    }

    @Test func nothingIsOfferedBeforeAVehicleIsThere() {
        var bench = Bench(large)
        let truth = bench.truth(at: 3600)
        #expect(truth.pilot == .a)
        #expect(truth.offered == .zero)
        #expect(truth.limit == .amperes(32))
        #expect(!truth.isContactorClosed)
        #expect(truth.energyTotal == .zero)
        #expect(bench.wallbox.nextEvent == nil)
    }

    @Test func aVehicleGoesFromBToCAndGetsEnergyWithinThreeSeconds() {
        var bench = Bench(large)
        bench.plug(Vehicle(phases: 3, maximumCurrent: .amperes(16)), at: 10)
        #expect(bench.truth(at: 10).pilot == .b2)
        #expect(bench.truth(at: 11.9).pilot == .b2)
        let asking = bench.truth(at: 12)
        #expect(asking.pilot == .c2)
        #expect(!asking.isContactorClosed)
        let charging = bench.truth(at: 15)
        #expect(charging.isContactorClosed)
        #expect(charging.currents == [.amperes(16), .amperes(16), .amperes(16)])
        #expect(charging.power == Watts(11_040))
        #expect(charging.contactorCycles == 1)
    }

    @Test func theVehicleOfTheDemoDrawsSevenKilowattsToTheWattAndTheWattHour() {
        var bench = Bench(small)
        let vehicle = Vehicle(
            phases: 1, maximumCurrent: .amperes(32), maximumPower: Watts(7000), reaction: .zero)
        bench.plug(vehicle, at: 0)
        #expect(bench.truth(at: 1).power == Watts(7000))
        #expect(bench.truth(at: 1).currents == [Milliamperes(30_434)])
        #expect(bench.truth(at: 3600.9).energyTotal == WattHours(6999))
        #expect(bench.truth(at: 3601).energyTotal == WattHours(7000))
    }

    @Test func powerIsSharedOverThePhasesToTheWatt() {
        var bench = Bench(large)
        bench.plug(
            Vehicle(phases: 3, maximumCurrent: .amperes(32), maximumPower: Watts(10_001)), at: 0)
        #expect(bench.truth(at: 60).power == Watts(10_001))
        #expect(bench.truth(at: 60).currents == Array(repeating: Milliamperes(14_494), count: 3))
    }

    @Test func aVehicleUsesNoMorePhasesThanItAndTheWallboxHave() {
        var bench = Bench(large)
        bench.plug(Vehicle(phases: 2, maximumCurrent: .amperes(16)), at: 0)
        #expect(bench.truth(at: 60).currents == [.amperes(16), .amperes(16), .zero])
        var single = Bench(small)
        single.plug(Vehicle(phases: 3, maximumCurrent: .amperes(16)), at: 0)
        #expect(single.truth(at: 60).currents == [.amperes(16)])
        #expect(single.truth(at: 60).power == Watts(3680))
    }

    @Test func aNewLimitReachesTheVehicleWithinTenSeconds() {
        var bench = Bench(large)
        bench.plug(
            Vehicle(phases: 3, maximumCurrent: .amperes(32), reaction: .seconds(5)), at: 0)
        #expect(bench.truth(at: 60).currents[0] == .amperes(32))
        #expect(bench.limit(20, at: 60) == [done, done])
        #expect(bench.truth(at: 60).offered == .amperes(20))
        #expect(bench.limit(10, at: 61) == [done, done])
        // The pulse width has just changed: it changes again after five seconds.
        #expect(bench.truth(at: 64.9).offered == .amperes(20))
        #expect(bench.truth(at: 65).offered == .amperes(10))
        #expect(bench.truth(at: 69.9).currents[0] > .amperes(10))
        #expect(bench.truth(at: 70).currents[0] == .amperes(10))
    }

    @Test func aStopIsSignalledAtOnceAndEndsTheCurrentWithinSixSeconds() {
        var bench = Bench(large)
        bench.plug(Vehicle(reaction: .seconds(5)), at: 0)
        #expect(bench.truth(at: 30).pilot == .c2)
        #expect(bench.limit(0, at: 30) == [done])
        let stopping = bench.truth(at: 30)
        #expect(stopping.pilot == .c1)
        #expect(stopping.offered == .zero)
        #expect(stopping.isContactorClosed)
        // The vehicle is slower than the contactor, which opens under load.
        #expect(!bench.truth(at: 33).isContactorClosed)
        #expect(bench.truth(at: 33).power == .zero)
        #expect(bench.truth(at: 35).pilot == .b1)
    }

    @Test func aVehicleThatStopsByItselfOpensTheContactorWithinATenthOfASecond() {
        var bench = Bench(large)
        bench.plug(Vehicle(reaction: .seconds(2)), at: 0)
        _ = bench.limit(0, at: 30)
        #expect(bench.truth(at: 32).pilot == .b1)
        #expect(bench.truth(at: 32).power == .zero)
        #expect(bench.truth(at: 32).isContactorClosed)
        #expect(!bench.truth(at: 32.1).isContactorClosed)
    }

    @Test func pullingThePlugEndsEverythingAtOnce() {
        var bench = Bench(large)
        bench.plug(at: 0)
        let before = bench.truth(at: 60)
        bench.wallbox.unplug(at: Bench.instant(60))
        let after = bench.truth(at: 60.1)
        #expect(before.power > .zero)
        #expect(after.pilot == .a)
        #expect(after.power == .zero)
        #expect(after.offered == .zero)
        #expect(!after.isContactorClosed)
        #expect(after.energy == before.energy)
    }

    @Test func theSessionCountsFromThePlugAndTheTotalGoesOn() {
        var options = WallboxOptions()
        options.meterStart = WattHours(123_456)
        var bench = Bench(large, options: options)
        bench.plug(Vehicle(phases: 1, maximumCurrent: .amperes(10)), at: 0)
        let first = bench.truth(at: 3600)
        #expect(2290...2300 ~= first.energySession.rawValue)
        #expect(first.energyTotal == WattHours(123_456) + first.energySession)
        bench.plug(at: 3600)
        #expect(bench.truth(at: 3600).energySession == .zero)
        #expect(bench.truth(at: 3600).energyTotal == first.energyTotal)
    }

    @Test func aBatteryTapersOffAndEndsFullInB2() throws {
        var bench = Bench(large)
        let battery = Battery(capacity: WattHours(50_000), charge: WattHours(35_000))
        bench.plug(Vehicle(maximumCurrent: .amperes(16), battery: battery), at: 0)
        #expect(bench.truth(at: 60).power == Watts(11_040))
        var powers: [Watts] = []
        var seconds = 60.0
        while let vehicle = bench.truth(at: seconds).vehicle, !vehicle.isFull, seconds < 36_000 {
            powers.append(bench.truth(at: seconds).power)
            seconds += 60
        }
        #expect(powers == powers.sorted(by: >), "the draw rises while the battery fills")
        #expect(powers.last.map { $0 < Watts(2000) } == true)
        let full = bench.truth(at: seconds)
        #expect(full.pilot == .b2)
        #expect(full.power == .zero)
        #expect(full.vehicle?.percent == 100)
        #expect(full.vehicle?.charge == WattHours(50_000))
        #expect(full.energySession == WattHours(15_000))
        #expect(bench.truth(at: seconds + 86_400).energySession == WattHours(15_000))
    }

    @Test func voltagesWanderTheSameWayForTheSameSeedAndThePowerFollows() {
        var options = WallboxOptions()
        options.voltage = .wandering(deviation: Millivolts(3000), seed: 7)
        var bench = Bench(large, options: options)
        var again = Bench(large, options: options)
        bench.plug(at: 0)
        again.plug(at: 0)
        var seen: Set<Millivolts> = []
        for seconds in stride(from: 60.0, to: 600, by: 10) {
            let truth = bench.truth(at: seconds)
            #expect(truth.voltages.allSatisfy { 227_000...233_000 ~= $0.rawValue })
            let expected = truth.voltages.reduce(0) { $0 + $1.rawValue * 16 }
            #expect(abs(truth.power.rawValue - expected / 1000) <= 1)
            seen.formUnion(truth.voltages)
        }
        #expect(seen.count > 100)
        #expect(again.truth(at: 590) == bench.truth(at: 590))
    }

    @Test func nothingDependsOnHowOftenSomebodyLooks() throws {
        for id in DeviceFile.all {
            var leap = Bench(try DeviceFile.profile(id))
            var steps = leap
            let battery = Battery(capacity: WattHours(20_000), charge: WattHours(5000))
            leap.plug(Vehicle(battery: battery), at: 1)
            steps.plug(Vehicle(battery: battery), at: 1)
            for step in 0..<40_000 { steps.wallbox.advance(to: Bench.instant(Double(step) * 0.9)) }
            #expect(leap.truth(at: 36_000) == steps.truth(at: 36_000))
        }
    }
}
