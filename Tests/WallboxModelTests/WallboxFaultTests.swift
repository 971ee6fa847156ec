import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// R41: faults that lie behind the wire, and how they look from in front of it.
@Suite struct WallboxFaultTests {
    let small: DeviceProfile
    let large: DeviceProfile

    init() throws {
        small = try DeviceFile.profile("reference-7kw")
        large = try DeviceFile.profile("reference-22kw")
    }

    @Test func r08_anIgnoredWriteIsAcknowledgedAndReadsBackTheOldValue() {
        var bench = Bench(small)
        #expect(bench.limit(20, at: 1) == [done])
        bench.setFaults(at: 2) { $0.writes = .ignored }
        #expect(bench.limit(10, at: 3) == [done])
        #expect(bench.values(at: 3).canonical("setpoint", of: small) == 20_000)
        #expect(bench.truth(at: 3).limit == .amperes(20))
    }

    @Test func r08_aDelayedWriteTakesEffectLater() {
        var bench = Bench(small)
        bench.setFaults(at: 1) { $0.writes = .delayed(by: .seconds(4)) }
        #expect(bench.limit(20, at: 2) == [done])
        #expect(bench.limit(10, at: 3) == [done])
        #expect(bench.truth(at: 5.9).limit == .amperes(32))
        #expect(bench.truth(at: 6).limit == .amperes(20))
        #expect(bench.truth(at: 7).limit == .amperes(10))
    }

    /// Also when the wallbox is slow no longer.
    @Test func r08_aSlowWriteDoesNotOvertakeALaterOne() {
        var bench = Bench(small)
        bench.setFaults(at: 1) { $0.writes = .delayed(by: .seconds(4)) }
        #expect(bench.limit(20, at: 2) == [done])
        bench.setFaults(at: 3) { $0.writes = .obeyed }
        #expect(bench.limit(10, at: 4) == [done])
        #expect(bench.truth(at: 5.9).limit == .amperes(32))
        #expect(bench.truth(at: 6).limit == .amperes(10))
        #expect(bench.truth(at: 9).limit == .amperes(10))
    }

    @Test func r08_aCableClampsQuietlyAndReadsBackWhatItAllows() {
        var bench = Bench(small)
        bench.setFaults(at: 1) { $0.cableLimit = .amperes(20) }
        #expect(bench.limit(32, at: 2) == [done])
        #expect(bench.values(at: 2).canonical("setpoint", of: small) == 20_000)
        #expect(bench.truth(at: 2).limit == .amperes(20))
    }

    @Test func r08_anotherControllerOverwritesTheSetpoint() {
        var bench = Bench(small)
        bench.setFaults(at: 0) {
            $0.foreignController = WallboxFaults.ForeignController(
                setpoint: .amperes(25), period: .seconds(30))
        }
        #expect(bench.limit(10, at: 10) == [done])
        #expect(bench.truth(at: 29.9).limit == .amperes(10))
        #expect(bench.truth(at: 30).limit == .amperes(25))
        #expect(bench.limit(10, at: 31) == [done])
        #expect(bench.truth(at: 59).limit == .amperes(10))
        #expect(bench.truth(at: 60).limit == .amperes(25))
    }

    @Test func aBusyWallboxAnswersEverythingWithItsExceptionAndADeadOneNothing() {
        var bench = Bench(small)
        let request = ModbusOperation.readInputRegisters(address: 32, count: 1)
        bench.setFaults(at: 1) { $0.exception = .serverDeviceBusy }
        #expect(bench.respond(request, at: 2) == .exception(.serverDeviceBusy))
        bench.setFaults(at: 3) {
            $0.exception = nil
            $0.isSilent = true
        }
        #expect(bench.respond(request, at: 4) == .silence)
        bench.setFaults(at: 5) { $0 = WallboxFaults() }
        #expect(bench.respond(request, at: 6) == .response(.registers([1])))
    }

    @Test func aStuckRegisterKeepsItsValueAndTheWallboxGoesOn() throws {
        var bench = Bench(large)
        let currents = try #require(large.register(named: "currents"))
        bench.plug(Vehicle(maximumCurrent: .amperes(16)), at: 0)
        _ = bench.limit(16, at: 1)
        _ = bench.truth(at: 60)
        bench.setFaults(at: 60) { $0.registers = [.init(currents, .stuck)] }
        _ = bench.limit(6, at: 61)
        #expect(bench.truth(at: 90).currents[2] == .amperes(6))
        let values = bench.values(at: 90)
        for phase in 0..<3 { #expect(values.canonical("currents", phase, of: large) == 16_000) }
    }

    @Test func brokenValuesAreWhatTheyAreNamedAfter() throws {
        var bench = Bench(large)
        let power = try #require(large.register(named: "power"))
        let total = try #require(large.register(named: "energy-session"))
        bench.setFaults(at: 0) {
            $0.registers = [.init(power, .notANumber), .init(total, .notANumber)]
        }
        #expect(bench.values(at: 1)[power] == .unavailable(.notAvailable))
        #expect(bench.values(at: 1)[total] == .unavailable(.notAvailable))
        let maximum = try #require(large.register(named: "limit-in-force"))
        bench.setFaults(at: 2) { $0.registers = [.init(maximum, .wordsSwapped)] }
        #expect(bench.values(at: 2)[maximum]?.canonical == 32_000 << 16)
        bench.setFaults(at: 3) { $0.registers = [.init(maximum, .words([1]))] }
        #expect(bench.values(at: 3)[maximum]?.canonical == 0x1_0001)
    }

    @Test func oneBadRegisterPoisonsEveryReadThatTouchesIt() throws {
        var bench = Bench(large)
        let power = try #require(large.register(named: "power"))
        let read = { (address: UInt16, count: UInt16) in
            ModbusOperation.readHoldingRegisters(address: address, count: count)
        }
        bench.setFaults(at: 0) { $0.registers = [.init(power, .exception(.serverDeviceFailure))] }
        #expect(bench.respond(read(0x1104, 12), at: 1) == .exception(.serverDeviceFailure))
        #expect(bench.respond(read(0x1104, 10), at: 1) != .exception(.serverDeviceFailure))
        bench.setFaults(at: 2) { $0.registers = [.init(power, .silent)] }
        #expect(bench.respond(read(0x110F, 1), at: 3) == .silence)
    }

    // MARK: - The log

    @Test func everyAccessIsALineInTheWordsOfTheProfile() {
        var bench = Bench(small)
        func lines(_ operation: ModbusOperation, unit: UInt8 = 1) -> [String] {
            let reply = bench.respond(operation, unit: unit, at: 1)
            let request = ModbusRequest(unit: unit, operation: operation)
            return bench.wallbox.accesses(request, answered: reply, at: Bench.instant(1))
                .map(\.description)
        }
        #expect(
            lines(.writeSingleRegister(address: 0, value: 100))
                == ["write setpoint 10 A (register 0 := 100)"])
        #expect(
            lines(.writeSingleRegister(address: 0, value: 10)) == [
                "write setpoint 1 A (register 0 := 10) refused: exception 3 (illegal data value)"
            ])
        #expect(
            lines(.readHoldingRegisters(address: 0, count: 3)) == [
                "read setpoint 10 A (register 0 = 100)",
                "read failsafe-current 6 A (register 1 = 60)",
                "read failsafe-timeout 0 ms (register 2 = 0)",
            ])
        #expect(
            lines(.readHoldingRegisters(address: 900, count: 1))
                == ["read (register 900, unit 1) refused: exception 2 (illegal data address)"])
        #expect(
            lines(.readHoldingRegisters(address: 0, count: 1), unit: 9)
                == ["read (register 0, unit 9) not answered"])
    }
}
