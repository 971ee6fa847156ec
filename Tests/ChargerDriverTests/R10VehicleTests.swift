import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing
import WallboxModel

/// Vehicles that do not do what they are told (requirement R10).
@Suite struct R10VehicleTests {
    private func bench(_ vehicle: Vehicle, at limit: Milliamperes) throws -> DriverBench {
        var bench = try DriverBench(device: "reference-7kw")
        bench.open()
        bench.aim(limit)
        bench.run(for: .seconds(3))
        bench.box.plug(vehicle, at: bench.now)
        return bench
    }

    private func codes(_ bench: DriverBench) -> [String] {
        bench.driver.snapshot.conditions.map(\.code)
    }

    @Test func r10_aVehicleThatTakesMoreIsReducedThenPausedAndTold() throws {
        let greedy = Vehicle(
            phases: 1, maximumCurrent: .amperes(32), manner: .greedy(excess: .amperes(4)))
        var bench = try bench(greedy, at: .amperes(10))
        bench.run(for: .seconds(7))
        #expect(bench.truth.limit == .amperes(10), "not before 7 s")
        #expect(!codes(bench).contains("LIMIT_EXCEEDED"))
        bench.run(for: .seconds(8))
        #expect(bench.truth.limit == .amperes(6))
        #expect(codes(bench).contains("LIMIT_EXCEEDED"))
        bench.run(for: .seconds(25))
        #expect(bench.truth.limit == .zero)
        #expect(bench.truth.power == .zero)
        bench.run(for: .seconds(600))
        #expect(bench.truth.contactorCycles == 1, "it is not tried again")
        // The next vehicle may have all of it.
        bench.box.unplug(at: bench.now)
        bench.run(for: .seconds(3))
        bench.box.plug(Vehicle(phases: 1, maximumCurrent: .amperes(16)), at: bench.now)
        bench.run(for: .seconds(30))
        #expect(bench.truth.limit == .amperes(10))
        #expect(!codes(bench).contains("LIMIT_EXCEEDED"))
    }

    @Test func r10_aVehicleThatKeepsToItsLimitIsLeftAlone() throws {
        var bench = try bench(
            Vehicle(phases: 1, maximumCurrent: .amperes(32), reaction: .seconds(5)),
            at: .amperes(32))
        for limit in [32, 6, 20, 8, 32, 6] {
            bench.aim(.amperes(limit))
            bench.run(for: .seconds(20))
            #expect(!codes(bench).contains("LIMIT_EXCEEDED"), "\(limit) A")
            #expect(bench.truth.limit == .amperes(limit))
        }
    }

    @Test func r10_currentThatFlowsAfterAStopIsTold() throws {
        var bench = try bench(
            Vehicle(phases: 1, maximumCurrent: .amperes(16), manner: .stuck), at: .amperes(10))
        bench.run(for: .seconds(20))
        var faults = WallboxFaults()
        faults.isContactorWelded = true
        bench.box.setFaults(faults, at: bench.now)
        bench.aim(.zero)
        bench.run(for: .seconds(8))
        #expect(!codes(bench).contains("CURRENT_AFTER_STOP"))
        bench.run(for: .seconds(7))
        #expect(codes(bench).contains("CURRENT_AFTER_STOP"))
        bench.box.unplug(at: bench.now)
        bench.run(for: .seconds(5))
        #expect(!codes(bench).contains("CURRENT_AFTER_STOP"))
    }

    @Test func r10_aVehicleThatFollowsNoReductionGetsNoMoreTimeFromFurtherOnes() throws {
        var bench = try bench(
            Vehicle(phases: 1, maximumCurrent: .amperes(32), manner: .stuck), at: .amperes(32))
        bench.run(for: .seconds(20))
        #expect(bench.truth.currents[0] > .amperes(31))
        // A limit that falls every second, from 20 A to 12 A.
        for tenths in stride(from: 200, through: 120, by: -5) {
            bench.aim(Milliamperes(tenths * 100))
            bench.run(for: .seconds(1))
        }
        #expect(codes(bench).contains("LIMIT_EXCEEDED"))
        #expect(bench.truth.limit == .amperes(6))
    }

    @Test func r10_aLinkThatIsLostGivesNoEvidence() throws {
        let greedy = Vehicle(
            phases: 1, maximumCurrent: .amperes(32), manner: .greedy(excess: .amperes(4)))
        var bench = try bench(greedy, at: .amperes(10))
        bench.run(for: .seconds(8))
        bench.lose()
        bench.now = bench.now.advanced(by: .seconds(20))
        bench.open()
        bench.run(for: .seconds(3))
        #expect(!codes(bench).contains("LIMIT_EXCEEDED"), "seen for 3 s only")
        bench.run(for: .seconds(8))
        #expect(codes(bench).contains("LIMIT_EXCEEDED"))
    }

    /// Where the limit cannot be read, nobody knows which of the two does not obey: it is lowered as
    /// soon as anywhere, and stopped when the wallbox has been told three times (requirement R8).
    @Test func r08_r10_aLimitThatCannotBeReadIsLoweredAtOnceAndStoppedAfterThreeWrites() throws {
        var bench = try DriverBench(device: "keba-p30")
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        let greedy = Vehicle(
            phases: 3, maximumCurrent: .amperes(32), manner: .greedy(excess: .amperes(4)))
        bench.box.plug(greedy, at: bench.now)
        bench.run(for: .seconds(14))
        #expect(codes(bench).contains("LIMIT_EXCEEDED"))
        #expect(bench.truth.limit == .amperes(6))
        #expect(bench.truth.power > .zero)
        let lowered = bench.elapsed
        bench.run(for: .seconds(60))
        #expect(bench.truth.power == .zero)
        #expect(bench.written("setpoint", since: lowered).count >= 2)
        #expect(codes(bench).contains("LIMIT_EXCEEDED"))
    }
}
