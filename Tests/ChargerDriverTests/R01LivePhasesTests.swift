import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing
import WallboxModel

/// Wallboxes that are set in watts, with vehicles on one, two and three phases (requirement R1): no
/// phase ever gets more than the limit.
@Suite struct R01LivePhasesTests {
    private static let bands =
        "[ { from: 1380W, to: 4190W, phases: 1 }, { from: 4200W, to: 22080W, phases: 3 } ]"

    private static func profile(
        unit: String = "unit: W", bands: String? = nil, registers: [String] = []
    ) throws -> DeviceProfile {
        try StepProfile.profile(
            setpoint: unit, registers: registers,
            control: ["nominal-voltage: 230V"] + (bands.map { ["bands: \($0)"] } ?? []))
    }

    private static func bench(
        _ profile: DeviceProfile, stated: Int? = nil
    ) -> DriverBench {
        var options = WallboxOptions()
        options.factorySetpoint = .pilotMinimum
        var bench = DriverBench(profile, options: options, vehiclePhases: stated)
        bench.open()
        bench.run(for: .seconds(2))
        return bench
    }

    private static func vehicle(_ phases: Int) -> Vehicle {
        Vehicle(phases: phases, maximumCurrent: .amperes(32))
    }

    @Test func r01_phasesAreCountedWhenTheVehicleDrawsAndThenThePowerRises() throws {
        var bench = Self.bench(try Self.profile())
        bench.aim(.amperes(20))
        bench.run(for: .seconds(5))
        #expect(bench.written("setpoint").map(\.value).last == 4_600)
        bench.box.plug(Self.vehicle(3), at: bench.now)
        bench.runWatching(for: .seconds(10), limit: .amperes(20))
        #expect(bench.truth.setpointPower == Watts(4_600), "not before it has settled")
        bench.runWatching(for: .seconds(60), limit: .amperes(20))
        #expect(bench.truth.setpointPower == Watts(13_800))
        #expect(bench.truth.currents.allSatisfy { $0 > .amperes(19) })
        #expect(bench.application.isVerified(.amperes(20)))
    }

    @Test func r01_anotherVehicleStartsFromOnePhaseAgain() throws {
        var bench = Self.bench(try Self.profile())
        bench.aim(.amperes(20))
        bench.box.plug(Self.vehicle(3), at: bench.now)
        bench.runWatching(for: .seconds(60), limit: .amperes(20))
        #expect(bench.truth.setpointPower == Watts(13_800))
        bench.box.unplug(at: bench.now)
        bench.run(for: .seconds(3))
        #expect(bench.truth.setpointPower == Watts(4_600), "lowered at once")
        bench.box.plug(Self.vehicle(1), at: bench.now)
        bench.runWatching(for: .seconds(60), limit: .amperes(20))
        #expect(bench.truth.currents[0] > .amperes(19))
    }

    @Test func r01_aVehicleThatCannotStartOnWhatOnePhaseMayHaveIsToldInWords() throws {
        var bench = Self.bench(try Self.profile())
        bench.aim(.amperes(16))
        bench.box.plug(Self.vehicle(3), at: bench.now)
        bench.runWatching(for: .seconds(30), limit: .amperes(16))
        #expect(bench.truth.power == .zero)
        let condition = try #require(
            bench.driver.snapshot.conditions.first { $0.code == "PHASES_NOT_KNOWN" })
        #expect(condition.message.contains("4140 W"))
        #expect(condition.message.contains("vehicle-phases: 3"))
        // A higher limit starts it.
        bench.aim(.amperes(20))
        bench.runWatching(for: .seconds(60), limit: .amperes(20))
        #expect(bench.truth.power > Watts(13_000))
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("PHASES_NOT_KNOWN"))
    }

    @Test func r01_whatTheConfigurationStatesCountsUntilLessIsSeen() throws {
        var bench = Self.bench(try Self.profile(), stated: 3)
        bench.aim(.amperes(16))
        bench.box.plug(Self.vehicle(3), at: bench.now)
        bench.runWatching(for: .seconds(30), limit: .amperes(16))
        #expect(bench.truth.setpointPower == Watts(11_040))
        #expect(bench.truth.power > Watts(10_900))
        bench.box.unplug(at: bench.now)
        bench.run(for: .seconds(10))
        // It was stated wrongly for this one: seen with the first polls, and lowered at once.
        bench.box.plug(Self.vehicle(1), at: bench.now)
        bench.run(for: .seconds(15))
        #expect(bench.truth.setpointPower == Watts(3_680))
        #expect(bench.truth.currents.allSatisfy { $0 <= .amperes(16) })
    }

    @Test func r01_powerThatChoosesThePhasesStaysInTheBandOfOne() throws {
        var bench = Self.bench(try Self.profile(bands: Self.bands))
        bench.aim(.amperes(32))
        bench.box.plug(Self.vehicle(3), at: bench.now)
        bench.runWatching(for: .seconds(60), limit: .amperes(32))
        #expect(bench.truth.setpointPower == Watts(4_190))
        #expect(bench.application.isVerified(Milliamperes(18_218)))
    }

    @Test func r01_r08_aRegisterOfHundredsOfWattsIsVerifiedAtWhatItTakes() throws {
        var bench = Self.bench(try Self.profile(unit: "scale: 0.1, unit: kW"))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(3))
        bench.box.plug(Self.vehicle(1), at: bench.now)
        bench.runWatching(for: .seconds(30), limit: .amperes(10))
        #expect(bench.truth.setpointPower == Watts(2_300))
        // The vehicle follows within 5 s.
        bench.aim(Milliamperes(9_900))
        bench.run(for: .seconds(5))
        bench.runWatching(for: .seconds(30), limit: Milliamperes(9_900))
        #expect(bench.truth.setpointPower == Watts(2_200))
        #expect(bench.application.isVerified(Milliamperes(9_566)))
        // 6 A on one phase are 1,380 W: the register makes 1,300 W of it, which is a pause.
        bench.aim(.amperes(6))
        bench.run(for: .seconds(6))
        bench.runWatching(for: .seconds(30), limit: .amperes(6))
        #expect(bench.truth.power == .zero)
        #expect(bench.application.isVerified(.zero))
    }

    @Test func r01_aRegisterThatTellsThePhasesOnlyLowersTheCount() throws {
        let profile = try Self.profile(registers: [
            "phases: { at: 60, type: u16, is: live-phases }"
        ])
        var (bench, bank) = DriverBench.onBank(profile)
        bank[60] = 3
        bench.open()
        bench.aim(.amperes(10))
        bench.run(for: .seconds(30))
        // Three are switched through, and the vehicle may have one.
        #expect(bench.frames.last == [40, 2_300])
    }

    /// Vehicles come and go, with limits that change: seen over seeds.
    @Test(arguments: 0..<12 as Range<UInt64>)
    func r01_noPhaseGetsMoreThanTheLimitWhateverComes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let bands = Bool.random(using: &random) ? Self.bands : nil
        let unit = Bool.random(using: &random) ? "unit: W" : "scale: 0.1, unit: kW"
        var bench = Self.bench(try Self.profile(unit: unit, bands: bands))
        for _ in 0..<12 {
            let limit = Milliamperes(Int.random(in: 60...320, using: &random) * 100)
            bench.box.unplug(at: bench.now)
            bench.run(for: .seconds(Int.random(in: 1...20, using: &random)))
            bench.aim(limit)
            // The limit before may have been higher, and what is in force takes 10 s to follow.
            bench.run(for: .seconds(10))
            let phases = Int.random(in: 1...3, using: &random)
            bench.box.plug(Self.vehicle(phases), at: bench.now)
            bench.runWatching(
                for: .seconds(Int.random(in: 5...90, using: &random)), limit: limit,
                "seed \(seed), \(phases) phases")
        }
    }
}

extension DriverBench {
    /// Lets time pass and looks every second at what flows.
    mutating func runWatching(for duration: Duration, limit: Milliamperes, _ note: String = "") {
        let end = now.advanced(by: duration)
        while now < end {
            run(for: min(.seconds(1), now.duration(to: end)))
            #expect(
                truth.currents.allSatisfy { $0 <= limit },
                "\(note): \(truth.currents) over \(limit)")
        }
    }
}
