import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing
import WallboxModel

/// A vehicle that does not resume is woken up, and not for ever (requirement R30).
@Suite struct R30WakeUpTests {
    private func bench() throws -> (bench: DriverBench, bank: RegisterBank) {
        let profile = try StepProfile.profile(
            registers: ["lock: { at: 43, type: u16, read: no, write: single }"],
            control: ["wake-up: [ lock = 0, wait 4s, lock = 1 ]"])
        var (bench, bank) = DriverBench.onBank(profile)
        bench.open()
        bench.aim(.zero)
        bench.run(for: .seconds(10))
        return (bench, bank)
    }

    private func attempts(_ bench: DriverBench) -> [Duration] {
        bench.writes.filter { $0.what == "lock 0" }.map(\.at)
    }

    @Test func r30_itIsTriedAfterThirtySecondsThenSixTimesAndThenTold() throws {
        var (bench, _) = try bench()
        bench.aim(.amperes(10))
        let resumed = bench.elapsed
        bench.run(for: .seconds(29))
        #expect(attempts(bench) == [])
        bench.run(for: .seconds(1_300))
        let times = attempts(bench)
        #expect(times.count == 6)
        #expect(times[0] - resumed < .seconds(35))
        for (before, after) in zip(times, times.dropFirst()) {
            #expect(after - before >= .seconds(180))
        }
        #expect(bench.writes.count { $0.what == "lock 1" } == 6)
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("VEHICLE_ASLEEP"))
        bench.run(for: .seconds(2_000))
        #expect(attempts(bench).count == 6)
    }

    @Test func r30_aVehicleThatDrawsIsLeftAlone() throws {
        var (bench, bank) = try bench()
        bench.aim(.amperes(10))
        bench.run(for: .seconds(40))
        #expect(attempts(bench).count == 1)
        bank[10] = 2
        bench.run(for: .seconds(400))
        #expect(attempts(bench).count == 1)
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("VEHICLE_ASLEEP"))
    }

    @Test func r30_aStopGoesFirstAndTheRestOfTheAttemptFollows() throws {
        var (bench, bank) = try bench()
        bench.aim(.amperes(10))
        while attempts(bench).isEmpty, bench.elapsed < .seconds(60) {
            bench.run(for: .milliseconds(500))
        }
        bench.aim(.zero)
        bench.run(for: .milliseconds(500))
        #expect(bank[40] == 0)
        bench.run(for: .seconds(10))
        #expect(bank[43] == 1, "it is not left locked")
        #expect(bench.frames.suffix(2) == [[40, 0], [43, 1]])
    }

    @Test func r30_nothingIsTriedOnceItIsNotToCharge() throws {
        var (bench, _) = try bench()
        bench.aim(.amperes(10))
        bench.run(for: .seconds(29))
        bench.aim(.zero)
        bench.run(for: .seconds(60))
        #expect(attempts(bench) == [])
    }

    @Test func r30_aSleepyVehicleIsWokenUpByItsRealWallbox() throws {
        var bench = try DriverBench(device: "heidelberg-energy-control")
        bench.open()
        bench.run(for: .seconds(3))
        bench.box.plug(
            Vehicle(phases: 3, maximumCurrent: .amperes(16), manner: .sleepy(offers: 100)),
            at: bench.now)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(40))
        #expect(bench.truth.power > .zero)
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        #expect(bench.truth.power == .zero)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(29))
        #expect(bench.truth.power == .zero, "it sleeps")
        bench.run(for: .seconds(30))
        #expect(bench.truth.power > .zero)
        #expect(bench.written("remote-lock").map(\.value) == [0, 1])
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("VEHICLE_ASLEEP"))
    }
}
