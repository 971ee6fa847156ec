import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Requirement R13 where no register tells on from off.
@Suite struct R13UnseenTests {
    /// A wallbox that has charged with 13 A and was told to stop, with what it was configured with.
    private static func stopped(_ device: String, bootTime: Duration) throws -> DriverBench {
        var options = WallboxOptions()
        options.bootTime = bootTime
        var bench = DriverBench(try DriverBench.profile(device), options: options)
        bench.box.plug(Vehicle(phases: 3, maximumCurrent: .amperes(32)), at: bench.now)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(13))
        bench.run(for: .seconds(30))
        #expect(bench.truth.limit == .amperes(13))
        bench.aim(.zero)
        bench.run(for: .seconds(30))
        #expect(bench.truth.limit == .zero)
        return bench
    }

    /// Nothing but the setpoint, which is as delivered, tells that it has started anew, and charges.
    @Test func r13_aRestartThatOnlyTheSetpointShowsIsStoppedAgain() throws {
        var bench = try Self.stopped("solax-evc", bootTime: .milliseconds(1))
        bench.box.unplug(at: bench.now)
        bench.run(for: .seconds(3))
        bench.box.reboot(at: bench.now)
        bench.box.advance(to: bench.now.advanced(by: .milliseconds(1)))
        #expect(bench.truth.limit > .zero)
        let since = bench.elapsed
        bench.run(for: .seconds(3))
        #expect(bench.truth.limit == .zero)
        bench.run(for: .seconds(60))
        #expect(bench.written("command", since: since).count == 1)
    }

    /// Somebody else has switched it on with 6 A, which cannot be read: the 13 A from before would be
    /// 8 A cut down, and more than it has.
    @Test func r12_whatSomebodyElseHasSwitchedOnIsNotRaisedByAReduction() throws {
        var bench = try Self.stopped("webasto-next", bootTime: .seconds(5))
        let since = bench.elapsed
        bench.aim(.amperes(8), allowsIncrease: false)
        bench.run(for: .seconds(10))
        let write = bench.profile.write(canonical: 6_000, to: bench.profile.control.setpoint)
        guard case .write(_, let operation) = write else {
            Issue.record("no write of 6 A")
            return
        }
        _ = bench.box.respond(
            to: ModbusRequest(unit: bench.profile.link.unit, operation: operation), at: bench.now)
        #expect(bench.truth.limit == .amperes(6))
        for _ in 0..<30 {
            bench.run(for: .seconds(1))
            #expect(bench.truth.limit <= .amperes(6))
        }
        #expect(bench.written("setpoint", since: since).map(\.value) == [0])
    }
}
