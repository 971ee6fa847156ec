import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

@Suite struct R13RestartTests {
    /// The boot is so short that the link does not notice.
    @Test(arguments: ["reference-7kw", "reference-22kw", "alfen-eve"])
    func r13_aRestartSeenByItsUptimeRearmsAndRewrites(device: String) throws {
        var options = WallboxOptions()
        options.bootTime = .milliseconds(1)
        var bench = DriverBench(try DriverBench.profile(device), options: options)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(20))
        bench.box.reboot(at: bench.now)
        let since = bench.elapsed
        bench.run(for: .seconds(5))
        #expect(bench.truth.limit == .amperes(10))
        #expect(!bench.written("setpoint", since: since).isEmpty)
        if bench.profile.failsafe?.current != nil {
            #expect(bench.truth.failsafe.current == .amperes(6))
            #expect(bench.truth.failsafe.timeout == .seconds(30))
        }
        // A restart is not somebody else's write.
        #expect(!bench.driver.snapshot.conditions.contains(.competingController))
    }

    @Test(arguments: ["reference-7kw", "reference-22kw", "alfen-eve", "keba-p30"])
    func r13_anotherDeviceAfterAReconnectIsArmedAndWrittenAnew(device: String) throws {
        var bench = try DriverBench(device: device)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(20))
        bench.lose()
        bench.box.replace(serial: "77777777", at: bench.now)
        bench.now = bench.now.advanced(by: .seconds(10))
        bench.open()
        bench.run(for: .seconds(7))
        #expect(bench.truth.limit == .amperes(10))
        #expect(bench.driver.snapshot.serial.value?.contains("77777777") == true)
    }

    @Test func aWrongDeviceIsReadAndNeverWritten() throws {
        var bench = try DriverBench(device: "reference-22kw")
        let product = try #require(bench.profile.register(named: "product"))
        var faults = WallboxFaults()
        faults.registers = [.init(product, .words([0x4142]))]
        bench.box.setFaults(faults, at: bench.now)
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(60))
        #expect(bench.writes.isEmpty)
        #expect(bench.driver.snapshot.conditions.first?.code == "WRONG_DEVICE")
        #expect(bench.driver.snapshot.lastPoll != nil)
        // The right one comes back on the same link.
        bench.box.setFaults(WallboxFaults(), at: bench.now)
        bench.run(for: .seconds(10))
        #expect(bench.truth.limit == .amperes(16))
        #expect(bench.driver.snapshot.conditions.isEmpty)
    }

    @Test func anIdentityThatCouldNotBeReadIsAskedAgain() throws {
        var bench = try DriverBench(device: "reference-7kw")
        var faults = WallboxFaults()
        faults.exception = .serverDeviceBusy
        bench.box.setFaults(faults, at: bench.now)
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(5))
        #expect(bench.writes.isEmpty)
        bench.box.setFaults(WallboxFaults(), at: bench.now)
        bench.run(for: .seconds(5))
        #expect(bench.truth.limit == .amperes(16))
    }
}
