import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

@Suite struct R25ExceptionTests {
    /// How often the setpoint is written within a tenth of a second when each write is refused.
    private func attempts(refusedWith code: UInt8) throws -> (count: Int, bench: DriverBench) {
        var bench = try DriverBench(device: "reference-7kw")
        bench.open()
        bench.run(for: .seconds(2))
        let counter = Locked(0)
        bench.answer = { request in
            guard case .writeSingleRegister(0, _) = request.operation else { return nil }
            counter.withLock { $0 += 1 }
            return .failure(.exception(ModbusException(rawValue: code)))
        }
        bench.aim(.amperes(10))
        bench.run(for: .milliseconds(100))
        return (counter.withLock { $0 }, bench)
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func r25_everyExceptionCodeIsRepeatedAsItsClassSays(code: UInt8) throws {
        let (count, bench) = try attempts(refusedWith: code)
        switch code {
        case 1, 2, 3:
            #expect(count == 1)
            guard case .refused = bench.application else {
                Issue.record("\(bench.application)")
                return
            }
        case 5:
            // Taken, and still at work: polling shows what comes of it.
            #expect(count == 1)
            guard case .written = bench.application else {
                Issue.record("\(bench.application)")
                return
            }
        default:
            #expect(count == 3)
            guard case .refused = bench.application else {
                Issue.record("\(bench.application)")
                return
            }
        }
        #expect(bench.driver.snapshot.link == .up)
    }

    @Test func r25_aRefusedBlockLeavesItsValuesAbsentAndTheOthersRead() throws {
        var bench = try DriverBench(device: "alfen-eve")
        let serial = try #require(bench.profile.register(named: "energy-total"))
        var faults = WallboxFaults()
        faults.registers = [.init(serial, .exception(.illegalDataAddress))]
        bench.box.setFaults(faults, at: bench.now)
        bench.open()
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.link == .up)
        #expect(bench.driver.snapshot.setpoint.value != nil)
        #expect(bench.driver.snapshot.energyTotal == .absent(.refused))
    }
}
