import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Wallboxes that are set in watts, and that switch phases.
@Suite struct WattsTests {
    private let watts: DeviceProfile

    init() throws {
        watts = try DeviceFile.profile("reference-22kw")
    }

    private func bench(
        bands: [PowerBand] = [], _ change: (inout DeviceProfile) -> Void = { _ in }
    ) -> Bench {
        var profile = watts
        profile.control.domain = .power(nominalVoltage: .nominal, bands: bands)
        change(&profile)
        return Bench(profile)
    }

    /// The setpoint of the reference wallbox, low word first.
    private func set(_ power: Int) -> ModbusOperation {
        .writeMultipleRegisters(
            address: 0x2000, values: [UInt16(power & 0xFFFF), UInt16(power >> 16)])
    }

    @Test(arguments: [(3, 10_000), (2, 15_000), (1, 30_000)])
    func r01_thePowerIsSharedAmongThePhasesThatTheVehicleUses(phases: Int, current: Int) {
        var bench = bench()
        bench.plug(Vehicle(phases: phases, maximumCurrent: .amperes(32)), at: 0)
        #expect(bench.respond(set(6900), at: 1) == done)
        let truth = bench.truth(at: 30)
        #expect(truth.setpointPower == Watts(6900))
        #expect(truth.limit == Milliamperes(current))
        #expect(truth.currents[0] == Milliamperes(current))
        #expect(truth.currents.filter { $0 > .zero }.count == phases)
    }

    @Test func r02_tooLittleForEachPhaseIsTakenAndPauses() {
        var bench = bench()
        bench.plug(Vehicle(), at: 0)
        #expect(bench.respond(set(4139), at: 1) == done)
        #expect(bench.truth(at: 30).limit == .zero)
        #expect(bench.respond(set(4140), at: 31) == done)
        #expect(bench.truth(at: 60).currents[0] == .amperes(6))
    }

    @Test func aPowerAboveTheMaximumIsCut() {
        var bench = bench()
        bench.plug(Vehicle(maximumCurrent: .amperes(40)), at: 0)
        #expect(bench.respond(set(50_000), at: 1) == done)
        #expect(bench.truth(at: 30).setpointPower == Watts(22_080))
        #expect(bench.truth(at: 30).limit == .amperes(32))
    }

    @Test func bandsOfPowerChooseThePhases() {
        let bands = [
            PowerBand(watts: 1380...4190, phases: 1), PowerBand(watts: 4200...22_080, phases: 3),
        ]
        var bench = bench(bands: bands)
        bench.plug(Vehicle(maximumCurrent: .amperes(32)), at: 0)
        #expect(bench.truth(at: 30).phases == 3)
        #expect(bench.respond(set(2300), at: 31) == done)
        let one = bench.truth(at: 60)
        #expect(one.phases == 1)
        #expect(one.currents == [.amperes(10), .zero, .zero])
        // Between the bands it pauses, on the phases that it had.
        #expect(bench.respond(set(4195), at: 61) == done)
        #expect(bench.truth(at: 90).limit == .zero)
        #expect(bench.respond(set(6900), at: 91) == done)
        let three = bench.truth(at: 120)
        #expect(three.phases == 3)
        #expect(three.currents == Array(repeating: .amperes(10), count: 3))
        #expect(three.phaseSwitchesUnderLoad == 0)
    }

    @Test func r03_aFailsafeInWattsIsSharedOutTheSameWay() {
        var bench = bench { $0.failsafe?.direction = .down }
        bench.plug(Vehicle(phases: 1, maximumCurrent: .amperes(32)), at: 0)
        #expect(bench.respond(set(6900), at: 1) == done)
        // The register's thousandths count as watts here: 1,840 W.
        let current = ModbusOperation.writeMultipleRegisters(
            address: 0x2004, values: floatWords(1.84))
        #expect(bench.respond(current, at: 1) == done)
        #expect(
            bench.respond(.writeMultipleRegisters(address: 0x2006, values: [30, 0]), at: 1) == done)
        #expect(bench.truth(at: 30.9).limit == .amperes(30))
        #expect(bench.truth(at: 32).limit == .amperes(8))
    }

    private func floatWords(_ value: Float) -> [UInt16] {
        [UInt16(value.bitPattern >> 16), UInt16(truncatingIfNeeded: value.bitPattern)]
    }

    // MARK: - Phases by registers

    private func switching(trigger: Bool) -> Bench {
        bench { profile in
            profile.control.domain = .current
            let phases = profile.add("phases", like: "enable", at: 0x2010)
            let go = profile.add("phase-go", like: "enable", at: 0x2012)
            profile.add("live", like: "enable", at: 0x2014) {
                $0.write = nil
                $0.quantity = .livePhases
            }
            func steps(_ raw: UInt64) -> [CommandStep] {
                [.write(phases, .raw(raw))] + (trigger ? [.write(go, .raw(1))] : [])
            }
            profile.control.phaseSwitch = PhaseSwitch(toOne: steps(1), toThree: steps(3))
        }
    }

    private func write(_ address: UInt16, _ value: UInt16) -> ModbusOperation {
        .writeMultipleRegisters(address: address, values: [value])
    }

    @Test(arguments: [false, true])
    func r11_aPausedWallboxSwitchesPhasesWhenItIsTold(trigger: Bool) {
        var bench = switching(trigger: trigger)
        bench.plug(Vehicle(), at: 0)
        _ = bench.limit(0, at: 1)
        #expect(bench.truth(at: 10).contactorCycles == 0)
        #expect(bench.respond(write(0x2010, 1), at: 10) == done)
        if trigger {
            #expect(bench.truth(at: 20).phases == 3)
            #expect(bench.respond(write(0x2012, 1), at: 20) == done)
        }
        #expect(bench.truth(at: 30).phases == 1)
        let live = ModbusOperation.readHoldingRegisters(address: 0x2014, count: 1)
        #expect(bench.respond(live, at: 30) == .response(.registers([1])))
        _ = bench.limit(16, at: 30)
        let truth = bench.truth(at: 60)
        #expect(truth.currents == [.amperes(16), .zero, .zero])
        #expect(truth.phaseSwitchesUnderLoad == 0)
    }

    @Test func r11_aSwitchUnderLoadIsCountedAndWaitsForTheContactor() {
        var bench = switching(trigger: false)
        bench.plug(Vehicle(), at: 0)
        #expect(bench.truth(at: 30).power > .zero)
        #expect(bench.respond(write(0x2010, 1), at: 30) == done)
        let before = bench.truth(at: 30)
        #expect(before.phaseSwitchesUnderLoad == 1)
        #expect(before.phases == 3)
        let after = bench.truth(at: 60)
        #expect(after.phases == 1)
        #expect(after.contactorCycles == 2)
    }
}
