import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Wallboxes that lack what others of their model have.
@Suite struct R08UnreadTests {
    @Test func r08_aLimitThatIsNotShownAnyMoreIsJudgedByTheCurrents() throws {
        let (site, bank) = DriverBench.onBank(try StepProfile.profile())
        var bench = site
        bank[10] = 2
        for phase in 14...16 { bank[UInt16(phase)] = 160 }
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        #expect(bench.application.isVerified(.amperes(16)))
        // It takes writes, and no longer tells what it holds.
        bench.answer = { request in
            request.operation == .readHoldingRegisters(address: 40, count: 1)
                ? .failure(.exception(.illegalDataAddress)) : bank.answer(request)
        }
        let since = bench.elapsed
        bench.aim(.amperes(10))
        bench.run(for: .seconds(8))
        #expect(!bench.application.isVerified(.amperes(10)), "the vehicle draws 16 A yet")
        #expect(bench.written("setpoint", since: since).count == 1, "and has time to follow")
        bench.run(for: .seconds(50))
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("WRITES_NOT_APPLIED"))
        #expect(bank[40] == 0, "nothing is left but to stop")
        // The vehicle follows after all.
        for phase in 14...16 { bank[UInt16(phase)] = 0 }
        bank[10] = 1
        bench.run(for: .seconds(20))
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("WRITES_NOT_APPLIED"))
    }

    /// Layout 1.0.3 has neither failsafe nor remote lock: what there is works, and what there is not is
    /// neither read nor written, and told where it matters.
    @Test func anOldFirmwareWhoseGatesFailIsControlledAllTheSame() throws {
        let profile = try DriverBench.profile("heidelberg-energy-control")
        let layout = try #require(profile.register(named: "layout"))
        var options = WallboxOptions()
        options.presets = [WallboxOptions.Preset(layout, .number(0x103))]
        var bench = DriverBench(profile, options: options)
        bench.box.plug(
            Vehicle(phases: 3, maximumCurrent: .amperes(16), manner: .sleepy(offers: 100)),
            at: bench.now)
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(40))
        #expect(bench.truth.limit == .amperes(10))
        #expect(bench.truth.power > .zero)
        #expect(bench.application.isVerified(.amperes(10)))
        #expect(bench.driver.snapshot.power.value ?? .zero > .zero, "computed")
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        #expect(bench.truth.power == .zero)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(1_500))
        let codes = bench.driver.snapshot.conditions.map(\.code)
        #expect(codes == ["FAILSAFE_NOT_ARMED"], "and nobody says that it was woken up")
        #expect(
            bench.writes.allSatisfy { $0.what.hasPrefix("setpoint ") },
            "\(bench.writes.map(\.what))")
    }
}
