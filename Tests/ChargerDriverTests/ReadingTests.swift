import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing

/// What becomes of registers in a snapshot.
@Suite("Readings")
struct ReadingTests {
    private func snapshot(
        _ registers: [String] = [], sections: [String] = [], _ image: [UInt16: UInt16],
        trouble: [UInt16: SmallBox.Trouble] = [:]
    ) throws -> ChargerSnapshot {
        var box = try SmallBox(registers: registers, sections: sections, image: image)
        box.trouble = trouble
        var (bench, _) = box.bench()
        bench.run(for: .seconds(2))
        return bench.driver.snapshot
    }

    // MARK: - Meters

    /// Another meter has counted something else: what is refused once is not taken from there, nor after
    /// the link was lost. Where that one never tells anything again, nothing is said.
    @Test(arguments: [false, true])
    func energyIsCountedByOneMeterAsLongAsItIsTheSameDevice(isComputed: Bool) throws {
        let other =
            isComputed
            ? "energies: { at: 50, type: u16, unit: Wh, count: 3 }"
            : "other: { at: 50, type: u16, unit: Wh, is: energy-total }"
        let box = try SmallBox(
            registers: [
                "total: { at: 40, type: u16, unit: Wh, is: energy-total, invalid: 0xFFFF }", other,
            ],
            sections: isComputed ? ["derived: { energy-total: { sum: energies } }"] : [],
            image: [40: 900, 50: 700])
        var (bench, _) = box.bench()
        bench.run(for: .seconds(2))
        #expect(bench.driver.snapshot.energyTotal.value == WattHours(900))
        let answer = bench.answer
        let refusing: @Sendable (ModbusRequest) -> Result<ModbusResponse, ModbusError>? = {
            $0.operation.address == 40
                ? .failure(.exception(.illegalDataAddress)) : answer?($0)
        }
        bench.answer = refusing
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.energyTotal == .absent(.refused))
        bench.answer = answer
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.energyTotal.value == WattHours(900))
        for _ in 0..<3 {
            bench.lose()
            bench.answer = refusing
            bench.open()
            bench.run(for: .seconds(600))
            #expect(bench.driver.snapshot.energyTotal == .absent(.refused))
        }
        bench.answer = answer
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.energyTotal.value == WattHours(900))
    }

    /// What tells a device from another, and whether the meter from before still counts.
    enum Comeback: CaseIterable {
        case sameSerial, sameSerialRestarted, otherSerial, restartedWithoutSerial, sameWithoutSerial
        case afterAForeignDevice

        var hasSerial: Bool { self != .restartedWithoutSerial && self != .sameWithoutSerial }
        var isRestarted: Bool { self == .sameSerialRestarted || self == .restartedWithoutSerial }
        var countsOn: Bool {
            switch self {
            case .sameSerial, .sameSerialRestarted, .sameWithoutSerial: true
            case .otherSerial, .restartedWithoutSerial, .afterAForeignDevice: false
            }
        }
    }

    /// A reconnection alone changes no meter, another device has another, and one that restarts without
    /// a serial number may be another.
    @Test(arguments: Comeback.allCases)
    func anotherDeviceIsCountedByWhatItHas(comeback: Comeback) throws {
        let serial = "serial: { at: 60, type: text, registers: 2, encoding: hex, poll: once }"
        let before: [UInt16: UInt16] = [40: 900, 50: 700, 61: 7, 70: 5_000]
        func box(_ image: [UInt16: UInt16]) throws -> SmallBox {
            try SmallBox(
                registers: [
                    "total: { at: 40, type: u16, unit: Wh, is: energy-total, invalid: 0xFFFF }",
                    "other: { at: 50, type: u16, unit: Wh, is: energy-total }",
                    "uptime: { at: 70, type: u16, unit: s }",
                ] + (comeback.hasSerial ? [serial] : []),
                identity: "{ layout: 0x0104 }",
                image: before.merging(image) { $1 })
        }
        var (bench, _) = try box([:]).bench()
        bench.run(for: .seconds(2))
        #expect(bench.driver.snapshot.energyTotal.value == WattHours(900))
        bench.lose()
        if comeback == .afterAForeignDevice {
            bench.answer = try box([4: 0x0999]).bench().bench.answer
            bench.open()
            bench.run(for: .seconds(2))
            bench.lose()
        }
        var image: [UInt16: UInt16] = [40: 0xFFFF]
        if comeback == .otherSerial { image[61] = 8 }
        if comeback.isRestarted { image[70] = 1 }
        bench.answer = try box(image).bench().bench.answer
        bench.open()
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.link == .up)
        let shown = bench.driver.snapshot.energyTotal
        #expect(shown.value == (comeback.countsOn ? nil : WattHours(700)))
    }

    // MARK: - What no wallbox can mean

    /// Words in the wrong order make 1,048,576 A of 16 A; the pilot signal offers 80 A at most.
    @Test func aLimitThatNoWallboxCanOfferIsImplausible() throws {
        let found = try snapshot([], [20: 800])
        #expect(found.setpoint.value == .amperes(80))
        let absurd = try snapshot([], [20: 801])
        #expect(absurd.setpoint == .absent(.implausible))
        let most = ["most: { at: 50, type: u32, unit: mA, is: hardware-maximum }"]
        #expect(try snapshot(most, [51: 16_000]).hardwareMaximum.value == .amperes(16))
        #expect(try snapshot(most, [50: 16_000]).hardwareMaximum == .absent(.implausible))
    }

    /// 16.0 with its words swapped is as good as 0.
    @Test func aSubnormalNumberIsImplausible() throws {
        let lines = ["meter: { at: 40, type: f32, unit: W, is: power }"]
        #expect(try snapshot(lines, [40: 0x4180]).power.value == Watts(16))
        #expect(try snapshot(lines, [41: 0x4180]).power == .absent(.implausible))
        #expect(try snapshot(lines, [:]).power.value == .zero)
    }

    // MARK: - Several sources

    @Test func ofSeveralRegistersTheFirstWithAValueCounts() throws {
        let lines = [
            "meter: { at: 40, type: u16, unit: W, is: power, invalid: 0xFFFF }",
            "estimate: { at: 50, type: u16, unit: W, is: power }",
        ]
        #expect(try snapshot(lines, [40: 700, 50: 800]).power.value == Watts(700))
        #expect(try snapshot(lines, [40: 0xFFFF, 50: 800]).power.value == Watts(800))
    }

    @Test func powerIsTheSumOfThePhases() throws {
        let lines = ["powers: { at: 40, type: s16, unit: W, count: 3 }"]
        let derived = ["derived: { power: { sum: powers } }"]
        let shot = try snapshot(lines, sections: derived, [10: 2, 40: 1000, 41: 900, 42: 0xFFFF])
        #expect(shot.power.value == Watts(1899))
    }

    @Test func powerIsCurrentTimesVoltage() throws {
        let lines = ["voltages: { at: 40, type: u16, unit: V, count: 3, invalid: 0 }"]
        let derived = ["derived: { power: { product: [currents, voltages] } }"]
        let image: [UInt16: UInt16] = [
            10: 2, 30: 100, 31: 50, 32: 0, 40: 230, 41: 231, 42: 0,
        ]
        // The third phase has no voltage and no current to multiply it with.
        #expect(try snapshot(lines, sections: derived, image).power.value == Watts(3455))
        var broken = image
        broken[41] = 0
        #expect(
            try snapshot(lines, sections: derived, broken).power == .absent(.notAvailable))
    }

    @Test func powerByNominalVoltageStandsInWhereVoltagesAreNotThere() throws {
        let lines = ["voltages: { at: 40, type: u16, unit: V, count: 3, optional: yes }"]
        let derived = [
            "derived:", "  power:", "    - { product: [currents, voltages] }",
            "    - { product: [currents, 230V] }",
        ]
        let image: [UInt16: UInt16] = [10: 2, 30: 100, 31: 100, 32: 100, 40: 240, 41: 240, 42: 240]
        #expect(try snapshot(lines, sections: derived, image).power.value == Watts(7200))
        let without = try snapshot(
            lines, sections: derived, image, trouble: [40: .exception(.illegalDataAddress)])
        #expect(without.power.value == Watts(6900))
        #expect(without.voltages == Array(repeating: .absent(.notProvided), count: 3))
    }

    @Test func aRegisterOfItsOwnWinsOverAFormula() throws {
        let shot = try snapshot(
            ["power: { at: 40, type: u16, unit: W }"],
            sections: ["derived: { power: { product: [currents, 230V] } }"],
            [10: 2, 30: 100, 40: 2222])
        #expect(shot.power.value == Watts(2222))
    }

    // MARK: - Outside of charging

    @Test func staleCurrentsAreZeroWhileNoEnergyFlows() throws {
        let image: [UInt16: UInt16] = [30: 160, 31: 160, 32: 160]
        let waiting = try snapshot([], image.merging([10: 1]) { $1 })
        #expect(waiting.currents.map(\.value) == [.zero, .zero, .zero])
        let charging = try snapshot([], image.merging([10: 2]) { $1 })
        #expect(charging.currents.map(\.value) == Array(repeating: .amperes(16), count: 3))
        // What the state is nobody knows: what was read stands.
        let unknown = try snapshot([], image.merging([10: 77]) { $1 })
        #expect(unknown.currents.map(\.value) == Array(repeating: .amperes(16), count: 3))
    }

    @Test func voltagesThatAreMeasuredWhileChargingAreAbsentOtherwise() throws {
        let lines = [
            "voltages: { at: 40, type: u16, unit: V, count: 3, outside-charging: absent }"
        ]
        let image: [UInt16: UInt16] = [40: 230, 41: 230, 42: 230]
        let waiting = try snapshot(lines, image)
        #expect(waiting.voltages == Array(repeating: .absent(.notAvailable), count: 3))
        let charging = try snapshot(lines, image.merging([10: 2]) { $1 })
        #expect(charging.voltages.map(\.value) == Array(repeating: Millivolts(230_000), count: 3))
    }

    // MARK: - Coded values

    @Test func livePhasesComeFromATable() throws {
        let lines = ["relays: { at: 40, type: u16, is: live-phases, table: { 5: 1, 1: 3 } }"]
        #expect(try snapshot(lines, [40: 5]).livePhases.value == 1)
        #expect(try snapshot(lines, [40: 1]).livePhases.value == 3)
        #expect(try snapshot(lines, [40: 2]).livePhases == .absent(.implausible))
        #expect(try snapshot([], [:]).livePhases == .absent(.notProvided))
    }

    @Test func phasesStandInTheOrderOfTheInstallation() throws {
        let lines = ["voltages: { at: 40, type: u16, unit: V, count: 3, phases: [3, 2, 1] }"]
        let shot = try snapshot(lines, [40: 233, 41: 232, 42: 231])
        #expect(shot.voltages.map(\.value?.rawValue) == [231_000, 232_000, 233_000])
    }

    @Test func serialsAndVersionsReadAsPeopleWriteThem() throws {
        let lines = [
            "serial: { at: 40, type: text, registers: 2, encoding: hex, poll: once }",
            "firmware: { at: 50, type: text, registers: 4, version: text, poll: once }",
        ]
        // "1.22~2"
        let shot = try snapshot(
            lines, [40: 0x0012, 41: 0x3456, 50: 0x312E, 51: 0x3232, 52: 0x7E32])
        #expect(shot.serial.value == "00123456")
        #expect(shot.firmware.value == "1.22.2")
    }

    @Test func bitsAreReadByTheirOwnFunction() throws {
        let lines = [
            "has-meter: { at: 300, space: discrete, poll: once }",
            "power: { at: 40, type: u16, unit: W, if: { has-meter: 1 } }",
        ]
        #expect(try snapshot(lines, [300: 1, 40: 3000]).power.value == Watts(3000))
        #expect(try snapshot(lines, [300: 0, 40: 3000]).power == .absent(.notProvided))
    }

    // MARK: - Connectors

    @Test func aStationWithAnotherNumberOfConnectorsIsNoticed() throws {
        let lines = [
            "sockets: { at: 60, type: u16, is: connectors, poll: once, connector: shared }"
        ]
        let sections = ["connectors: { count: 2, stride: 100 }"]
        let wrong = try snapshot(lines, sections: sections, [60: 1])
        let condition = try #require(
            wrong.conditions.first { $0.code == "WRONG_CONNECTORS" })
        #expect(
            condition.message == """
                the station says that it has 1 connectors, and the profile small-box has 2: check \
                'profile' and 'connector' of this charger
                """)
        let right = try snapshot(lines, sections: sections, [60: 2])
        #expect(!right.conditions.contains { $0.code == "WRONG_CONNECTORS" })
    }

    @Test func theSecondConnectorIsReadAndWrittenAtItsOwnAddresses() throws {
        let box = try SmallBox(
            registers: ["power: { at: 40, type: u16, unit: W }"],
            sections: ["connectors: { count: 2, stride: 100 }"], connector: 2,
            image: [110: 2, 140: 900, 40: 1])
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(2))
        #expect(bench.driver.snapshot.power.value == Watts(900))
        #expect(reads.withLock { $0.allSatisfy { $0 > 100 } })
        bench.aim(.amperes(10))
        let next = bench.driver.next(at: bench.time)
        let order = try #require(next)
        #expect(order.request.operation == .writeSingleRegister(address: 120, value: 100))
    }
}
