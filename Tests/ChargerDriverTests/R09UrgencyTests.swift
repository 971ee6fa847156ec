import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

@Suite struct R09UrgencyTests {
    private func settled(_ device: String, at limit: Milliamperes) throws -> DriverBench {
        var bench = try DriverBench(device: device)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(limit)
        bench.run(for: .seconds(40))
        return bench
    }

    @Test(arguments: ["reference-7kw", "reference-22kw", "alfen-eve", "keba-p30"])
    func r09_aStopIsTheNextTransactionEvenInMidPoll(device: String) throws {
        var bench = try settled(device, at: .amperes(16))
        bench.driver.pollRequested(at: bench.time)
        let readOrder = bench.driver.next(at: bench.time)
        let read = try #require(readOrder)
        #expect(!read.request.operation.isWrite)
        bench.aim(.zero)
        bench.carryOut(read)
        bench.now = bench.now.advanced(by: bench.profile.link.requestGap)
        #expect(bench.driver.urgency(at: bench.time) == .reduction)
        let stopOrder = bench.driver.next(at: bench.time)
        let stop = try #require(stopOrder)
        #expect(stop.request.operation.isWrite)
        bench.carryOut(stop)
        #expect(bench.truth.limit == .zero)
    }

    @Test(arguments: ["reference-7kw", "reference-22kw", "alfen-eve", "keba-p30"])
    func r09_aStopFollowsAChargeThatIsHalfWritten(device: String) throws {
        var bench = try settled(device, at: .zero)
        bench.run(for: .seconds(6))
        #expect(bench.truth.limit == .zero)
        bench.aim(.amperes(16))
        let steps = bench.profile.control.charge.count
        for step in 1...steps {
            let writeOrder = bench.driver.next(at: bench.time)
            let write = try #require(writeOrder)
            try #require(write.request.operation.isWrite)
            if step == steps { bench.aim(.zero) }
            bench.carryOut(write)
            bench.now = bench.now.advanced(by: bench.profile.link.requestGap)
        }
        #expect(bench.driver.urgency(at: bench.time) == .reduction)
        bench.run(for: .milliseconds(50))
        #expect(bench.truth.limit == .zero)
    }

    @Test(arguments: ["reference-7kw", "reference-22kw", "alfen-eve"])
    func r09_increasesStayApartAndSayUntilWhenTheyAreHeld(device: String) throws {
        var bench = try settled(device, at: .zero)
        let since = bench.elapsed
        for limit in [8, 10, 12] {
            bench.aim(.amperes(limit))
            bench.run(for: .milliseconds(500))
        }
        guard case .held(_, let until) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        #expect(until > bench.now)
        bench.run(for: .seconds(20))
        // An expiring setpoint is also renewed in between; that is no increase.
        var raised: [(at: Duration, value: Int)] = []
        for write in bench.written("setpoint", since: since)
        where write.value > raised.last?.value ?? 0 { raised.append(write) }
        #expect(raised.map(\.value) == [8_000, 12_000])
        #expect(raised[1].at - raised[0].at >= .seconds(5))
    }

    @Test func r04_anExpiredLeaseFallsToTheLesserOfLastAndSafeCurrent() throws {
        for (limit, fallen) in [(16, 6), (6, 6), (0, 0)] {
            var bench = try settled("reference-7kw", at: .amperes(limit))
            bench.isControlled = false
            bench.run(for: .seconds(11))
            #expect(bench.truth.limit == .amperes(fallen), "from \(limit) A")
        }
    }

    @Test func r04_aSafeCurrentOf0PausesWhenTheLeaseExpires() throws {
        var bench = try DriverBench(device: "reference-22kw", safe: .zero)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(10))
        bench.isControlled = false
        bench.run(for: .seconds(11))
        #expect(bench.truth.limit == .zero)
        // Control is back, with the same target.
        bench.isControlled = true
        bench.run(for: .seconds(8))
        #expect(bench.truth.limit == .amperes(16))
    }

    @Test func r04_aCommandUnderWayIsGivenUpWhenItsLeaseExpires() throws {
        var profile = try DriverBench.profile("reference-22kw")
        profile.control.charge.insert(.wait(.seconds(15)), at: 1)
        var bench = DriverBench(profile, safe: .zero)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.zero)
        bench.run(for: .seconds(2))
        bench.aim(.amperes(16))
        bench.isControlled = false
        bench.run(for: .seconds(30))
        #expect(bench.written("enable").allSatisfy { $0.value == 0 })
        #expect(bench.truth.limit == .zero)
    }

    @Test func r12_whatWasMerelyFoundIsNeverRaised() throws {
        var options = WallboxOptions()
        options.factorySetpoint = .amperes(8)
        var bench = DriverBench(try DriverBench.profile("reference-7kw"), options: options)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(16), allowsIncrease: false)
        bench.run(for: .seconds(20))
        #expect(bench.written("setpoint").isEmpty)
        guard case .verified(_, .amperes(8), _) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
    }

    @Test func r12_nothingThatMovesCurrentIsWrittenWithoutATarget() throws {
        for device in ["reference-7kw", "reference-22kw", "alfen-eve", "keba-p30"] {
            var bench = try DriverBench(device: device)
            bench.open()
            bench.run(for: .seconds(60))
            #expect(bench.written("setpoint").isEmpty && bench.written("enable").isEmpty)
        }
    }

    /// A sign of life ends the failsafe of this wallbox, and the old setpoint would come back.
    @Test func r12_aSignOfLifeDoesNotBringBackASetpointFromBefore() throws {
        var bench = try settled("reference-22kw", at: .amperes(16))
        bench.lose()
        bench.now = bench.now.advanced(by: .seconds(60))
        bench.box.advance(to: bench.now)
        #expect(bench.truth.failsafe.isActive)
        var fresh = DriverBench(bench.profile)
        fresh.box = bench.box
        fresh.now = bench.now
        fresh.open()
        var highest = Milliamperes.zero
        for second in 0..<40 {
            if second == 1 { fresh.aim(.amperes(6), allowsIncrease: false) }
            fresh.run(for: .milliseconds(250))
            highest = max(highest, fresh.truth.limit)
        }
        #expect(highest == .amperes(6))
        #expect(!fresh.truth.failsafe.isActive)
    }

    /// The register still shows the setpoint that has expired.
    @Test func r12_anExpiredSetpointIsNotTakenForTheOneInForce() throws {
        var bench = try settled("alfen-eve", at: .amperes(16))
        bench.lose()
        bench.now = bench.now.advanced(by: .seconds(90))
        bench.box.advance(to: bench.now)
        #expect(bench.truth.failsafe.isActive)
        bench.target = nil
        _ = bench.driver.targetChanged(nil, at: bench.time)
        bench.open()
        bench.run(for: .seconds(2))
        #expect(bench.driver.snapshot.setpoint.value == .amperes(6))
    }

    @Test func r12_aHardwareMaximumThatCannotBeReadAnyMoreStillCounts() throws {
        var options = WallboxOptions()
        options.hardwareMaximum = .amperes(13)
        var bench = DriverBench(try DriverBench.profile("reference-7kw"), options: options)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(32))
        bench.run(for: .seconds(8))
        var faults = WallboxFaults()
        let register = try #require(bench.profile.register(named: "hardware-maximum"))
        faults.registers = [.init(register, .exception(.serverDeviceFailure))]
        bench.box.setFaults(faults, at: bench.now)
        bench.run(for: .seconds(30))
        #expect(bench.written("setpoint").map(\.value) == [13_000])
    }
}
