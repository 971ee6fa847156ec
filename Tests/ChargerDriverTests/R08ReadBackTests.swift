import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing
import WallboxModel

@Suite struct R08ReadBackTests {
    private func charging(at limit: Milliamperes = .amperes(16)) throws -> DriverBench {
        var options = WallboxOptions()
        options.factorySetpoint = .zero
        var bench = DriverBench(try DriverBench.profile("reference-7kw"), options: options)
        bench.box.plug(Vehicle(phases: 1, maximumCurrent: .amperes(32)), at: bench.now)
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(limit)
        bench.run(for: .seconds(10))
        #expect(bench.truth.limit == limit)
        return bench
    }

    @Test func r08_whatIsReadBackVerifies() throws {
        let bench = try charging()
        guard case .verified(1, .amperes(16), _) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
    }

    @Test func r08_aClampByTheDeviceIsVerifiedAndNotWrittenAgain() throws {
        var bench = try charging(at: .amperes(10))
        var faults = WallboxFaults()
        faults.cableLimit = .amperes(20)
        bench.box.setFaults(faults, at: bench.now)
        let since = bench.elapsed
        bench.aim(.amperes(32))
        bench.run(for: .seconds(60))
        guard case .verified(_, .amperes(20), _) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        #expect(bench.written("setpoint", since: since).map(\.value) == [32_000])
        #expect(bench.driver.snapshot.conditions.isEmpty)
    }

    @Test func r08_ignoredReductionsAreAMismatchAndThreeOfThemAFault() throws {
        var bench = try charging()
        var faults = WallboxFaults()
        faults.writes = .ignored
        bench.box.setFaults(faults, at: bench.now)
        bench.aim(.amperes(10))
        // Seen after the settle time of 0.5 s and two polls, and written again at once.
        bench.run(for: .milliseconds(1_600))
        #expect(bench.written("setpoint").map(\.value) == [16_000, 10_000, 10_000])
        #expect(!bench.driver.snapshot.conditions.contains(.writesNotApplied))
        bench.run(for: .seconds(8))
        #expect(bench.driver.snapshot.conditions.contains(.writesNotApplied))
        // It obeys again: verified, and the fault is over.
        bench.box.setFaults(WallboxFaults(), at: bench.now)
        bench.run(for: .seconds(5))
        #expect(bench.truth.limit == .amperes(10))
        #expect(bench.driver.snapshot.conditions.isEmpty)
    }

    @Test func r08_aDelayedWriteIsNoMismatchWithinTheSettleTime() throws {
        var bench = try charging()
        var faults = WallboxFaults()
        faults.writes = .delayed(by: .milliseconds(1_500))
        bench.box.setFaults(faults, at: bench.now)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(20))
        guard case .verified = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        #expect(!bench.driver.snapshot.conditions.contains(.writesNotApplied))
    }

    /// 0 A reads as 6 A there, so that only more than that tells.
    @Test func r08_aStopThatSomebodyUndoesIsRepeatedBeforeAnythingFlows() throws {
        var bench = try DriverBench(device: "vestel-evc04")
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        #expect(bench.application.isVerified(.zero))
        var faults = WallboxFaults()
        faults.foreignController = .init(setpoint: .amperes(18), period: .seconds(20))
        bench.box.setFaults(faults, at: bench.now)
        bench.run(for: .seconds(21))
        bench.box.setFaults(WallboxFaults(), at: bench.now)
        bench.run(for: .seconds(5))
        #expect(bench.truth.limit == .zero)
    }

    @Test func r08_threeForeignChangesInTenMinutesLeaveOnlyReductions() throws {
        var bench = try charging()
        var faults = WallboxFaults()
        faults.foreignController = .init(setpoint: .amperes(8), period: .seconds(20))
        bench.box.setFaults(faults, at: bench.now)
        bench.run(for: .seconds(70))
        #expect(bench.driver.snapshot.conditions == [.competingController])
        let since = bench.elapsed
        bench.run(for: .seconds(60))
        #expect(bench.written("setpoint", since: since).isEmpty)
        #expect(bench.truth.limit == .amperes(8))

        // Upwards it is reduced at once, all the same.
        faults.foreignController = .init(setpoint: .amperes(30), period: .seconds(20))
        bench.box.setFaults(faults, at: bench.now)
        bench.run(for: .seconds(22))
        #expect(bench.written("setpoint", since: since).map(\.value) == [16_000])

        // Ten minutes without a change: increases again.
        bench.box.setFaults(WallboxFaults(), at: bench.now)
        bench.run(for: .seconds(660))
        #expect(bench.driver.snapshot.conditions.isEmpty)
        #expect(bench.truth.limit == .amperes(16))
    }

    @Test func r08_aWriteOnlyLimitThatTheCurrentsContradictIsWrittenAgainAndThenAFault() throws {
        var bench = try DriverBench(device: "keba-p30")
        bench.box.plug(Vehicle(phases: 3, maximumCurrent: .amperes(16)), at: bench.now)
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(40))
        #expect(bench.truth.power > .zero)
        var faults = WallboxFaults()
        faults.writes = .ignored
        bench.box.setFaults(faults, at: bench.now)
        let since = bench.elapsed
        bench.aim(.amperes(6))
        bench.run(for: .seconds(60))
        #expect(bench.written("setpoint", since: since).count >= 3)
        #expect(bench.driver.snapshot.conditions.contains(.writesNotApplied))
    }
}
