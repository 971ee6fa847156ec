import AgentTestSupport
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

    /// Without a word of its uptime or its failsafe, and the link did not notice either.
    @Test func r13_anotherSerialOnTheSameLinkIsArmedAndWrittenAnew() throws {
        let text = try #require(ProfileFolder.text("reference-7kw"))
            .replacing("registers: 8, poll: once }", with: "registers: 8, poll: fast }")
            .split(separator: "\n").filter { !$0.hasPrefix("  uptime:") }.joined(separator: "\n")
        var profile = try #require(ProfileFolder.compile(text, id: "reference-7kw").profile)
        profile.failsafe?.currentReadBack = nil
        profile.failsafe?.timeoutReadBack = nil
        var options = WallboxOptions()
        options.bootTime = .milliseconds(1)
        var bench = DriverBench(profile, options: options)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(20))
        let since = bench.elapsed
        bench.box.replace(serial: "77777777", at: bench.now)
        // It happens to stand where the other one stood.
        bench.run(for: .seconds(10))
        #expect(bench.truth.limit == .amperes(10))
        #expect(bench.written("failsafe-timeout", since: since).map(\.value) == [30_000])
        #expect(bench.driver.snapshot.serial.value?.contains("77777777") == true)
        #expect(!bench.driver.snapshot.conditions.contains(.competingController))
    }

    /// What cannot be read back would else be believed for ever.
    @Test func r13_afterARestartAFailsafeThatCannotBeReadIsArmedAnew() throws {
        var profile = try DriverBench.profile("reference-22kw")
        profile.failsafe?.currentReadBack = nil
        profile.failsafe?.timeoutReadBack = nil
        var options = WallboxOptions()
        options.bootTime = .milliseconds(1)
        var bench = DriverBench(profile, options: options, safe: .amperes(8))
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        bench.box.reboot(at: bench.now)
        let since = bench.elapsed
        bench.run(for: .seconds(10))
        #expect(bench.written("failsafe-current", since: since).map(\.value) == [8_000])
        #expect(bench.truth.failsafe.current == .amperes(8))
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
