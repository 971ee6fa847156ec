import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// What the wallbox shows through a profile, and what it refuses.
@Suite struct RegisterTests {
    let small: DeviceProfile
    let large: DeviceProfile
    let keba: DeviceProfile
    let alfen: DeviceProfile

    init() throws {
        small = try DeviceFile.profile("reference-7kw")
        large = try DeviceFile.profile("reference-22kw")
        keba = try DeviceFile.profile("keba-p30")
        alfen = try DeviceFile.profile("alfen-eve")
    }

    private func read(_ address: UInt16, _ count: UInt16) -> ModbusOperation {
        .readHoldingRegisters(address: address, count: count)
    }

    // MARK: - What it shows

    @Test(arguments: DeviceFile.all)
    func everyBlockOfTheReadPlanIsAnsweredAndTellsTheTruth(_ id: String) throws {
        let profile = try DeviceFile.profile(id)
        var options = WallboxOptions()
        options.meterStart = WattHours(1_000_000)
        var bench = Bench(profile, options: options)
        bench.plug(Vehicle(maximumCurrent: .amperes(20), maximumPower: Watts(9000)), at: 0)
        _ = bench.limit(16, at: 5)
        for block in profile.readPlan {
            let unit = block.unit.resolved(charger: bench.wallbox.unit)
            let reply = bench.respond(block.operation, unit: unit, at: 3600)
            guard case .response(.registers(let words)) = reply else {
                Issue.record("block at \(block.address): \(reply)")
                continue
            }
            #expect(words.count == Int(block.count))
        }
        let values = bench.values(at: 3600)
        let truth = bench.truth(at: 3600)
        #expect(profile.pilotState(values) == .state(.c2))
        for (index, register) in profile.registers.enumerated() where register.isReadable {
            for element in 0..<register.count {
                let shown = values[RegisterID(index), element]
                let isSetpoint = RegisterID(index) == profile.control.setpoint
                guard
                    let expected = isSetpoint
                        ? truth.setpoint.rawValue
                        : truth.canonical(register.quantity, element, profile)
                else { continue }
                let found = try #require(shown?.canonical, "\(register.name): \(shown as Any)")
                let resolution = max(1, register.scale.numerator / register.scale.denominator)
                #expect(abs(found - expected) <= resolution, "\(register.name)")
            }
        }
    }

    @Test(arguments: DeviceFile.all)
    func everyPilotStateOfTheMapIsShownAndUnderstood(_ id: String) throws {
        let profile = try DeviceFile.profile(id)
        var bench = Bench(profile)
        #expect(profile.pilotState(bench.values(at: 0)) == .state(.a))
        bench.plug(at: 1)
        #expect(profile.pilotState(bench.values(at: 1)) == .state(.b2))
        #expect(profile.pilotState(bench.values(at: 20)) == .state(.c2))
        _ = bench.limit(0, at: 30)
        let paused = bench.truth(at: 60)
        #expect(paused.pilot == .b1)
        #expect(profile.pilotState(bench.values(at: 60)) == .state(.b1))
    }

    @Test(arguments: DeviceFile.all)
    func theIdentityOfTheProfileHolds(_ id: String) throws {
        let profile = try DeviceFile.profile(id)
        var bench = Bench(profile)
        let values = bench.values(at: 1)
        for rule in profile.identity {
            let value = try #require(values[rule.register])
            switch (rule.match, value) {
            case (.equals(let raws), .number(_, let raw)): #expect(raws.contains(raw))
            case (.range(let range), .number(let canonical, _)): #expect(range ~= canonical)
            case (.prefix(let prefixes), .text(let text)):
                #expect(prefixes.contains { text.hasPrefix($0) })
            default: Issue.record("\(rule) is not met by \(value)")
            }
        }
    }

    @Test func theReadBackShowsTheLimitInForce() {
        var bench = Bench(large)
        #expect(bench.limit(13, at: 1) == [done, done])
        #expect(bench.values(at: 1).canonical("limit-in-force", of: large) == 13_000)
        #expect(bench.limit(0, at: 2) == [done])
        #expect(bench.values(at: 2).canonical("limit-in-force", of: large) == 0)
        #expect(bench.values(at: 2).canonical("enable", of: large) == 0)
    }

    // MARK: - What it takes (R01, R02)

    @Test func r01_limitsAreRoundedDownToTheStepAndCutToTheMaximum() {
        var bench = Bench(alfen)
        func float(_ value: Float) -> [UInt16] {
            [UInt16(value.bitPattern >> 16), UInt16(truncatingIfNeeded: value.bitPattern)]
        }
        let write = { ModbusOperation.writeMultipleRegisters(address: 1210, values: float($0)) }
        #expect(bench.respond(write(10.19), at: 1) == done)
        #expect(bench.truth(at: 1).setpoint == Milliamperes(10_100))
        #expect(bench.respond(write(80), at: 2) == done)
        #expect(bench.truth(at: 2).setpoint == .amperes(32))
        #expect(bench.respond(write(.nan), at: 3) == .exception(.illegalDataValue))
        #expect(bench.respond(write(-1), at: 4) == .exception(.illegalDataValue))
        #expect(bench.truth(at: 4).setpoint == .amperes(32))
    }

    @Test(arguments: [1, 59, 60, 61])
    func r02_whatThePilotCannotSignalIsRefused(_ tenths: UInt16) {
        var bench = Bench(small)
        let reply = bench.respond(.writeSingleRegister(address: 0, value: tenths), at: 1)
        #expect(reply == (tenths < 60 ? .exception(.illegalDataValue) : done))
        #expect(bench.truth(at: 1).limit >= .amperes(6))
    }

    @Test(arguments: WallboxOptions.BelowMinimum.allCases)
    func r02_belowTheMinimumDevicesDiffer(_ manner: WallboxOptions.BelowMinimum) {
        var options = WallboxOptions()
        options.belowMinimum = manner
        var bench = Bench(small, options: options)
        let reply = bench.respond(.writeSingleRegister(address: 0, value: 59), at: 1)
        switch manner {
        case .refuse:
            #expect(reply == .exception(.illegalDataValue))
            #expect(bench.truth(at: 1).limit == .amperes(32))
        case .pause:
            #expect(reply == done)
            #expect(bench.truth(at: 1).limit == .zero)
        case .raise:
            #expect(reply == done)
            #expect(bench.truth(at: 1).limit == .amperes(6))
        }
    }

    @Test func aSetpointThatTakesNoZeroRefusesIt() {
        var bench = Bench(keba)
        let zero = ModbusOperation.writeSingleRegister(address: 5004, value: 0)
        #expect(bench.respond(zero, at: 1) == .exception(.illegalDataValue))
        #expect(bench.limit(0, at: 2) == [done])
        #expect(bench.truth(at: 2).limit == .zero)
        #expect(!bench.truth(at: 2).isEnabled)
    }

    @Test func anOnOffRegisterTakesItsOwnValuesOnly() {
        var bench = Bench(keba)
        #expect(
            bench.respond(.writeSingleRegister(address: 5014, value: 2), at: 1)
                == .exception(.illegalDataValue))
        #expect(bench.truth(at: 1).isEnabled)
    }

    @Test func writesAreCountedForEachRegister() throws {
        var bench = Bench(large)
        for second in 1...5 { _ = bench.limit(10, at: Double(second)) }
        let setpoint = try #require(large.register(named: "setpoint"))
        let life = try #require(large.register(named: "life-sign"))
        #expect(bench.truth(at: 6).writeCounts[setpoint.rawValue] == 5)
        #expect(bench.truth(at: 6).writeCounts[life.rawValue] == 0)
    }

    // MARK: - What it refuses

    @Test func unknownAddressesAreRefusedWithException2() {
        var bench = Bench(large)
        #expect(bench.respond(read(0x4000, 1), at: 1) == .exception(.illegalDataAddress))
        #expect(bench.respond(read(0xFFFF, 2), at: 1) == .exception(.illegalDataAddress))
        #expect(
            bench.respond(.writeMultipleRegisters(address: 0x4000, values: [1]), at: 1)
                == .exception(.illegalDataAddress))
        // A register that is there, in the other space.
        #expect(
            bench.respond(.readInputRegisters(address: 0x1100, count: 1), at: 1)
                == .exception(.illegalDataAddress))
    }

    @Test func aReadBeginsAndEndsWithinValuesAndSpansNoWiderGapThanTheMapAllows() {
        var bench = Bench(large)
        // 0x1112 energy-total (4), 0x1116 uptime (2), 8 unused, 0x1120 limit-in-force (2)
        #expect(bench.respond(read(0x1112, 16), at: 1) != .exception(.illegalDataAddress))
        #expect(bench.respond(read(0x1112, 17), at: 1) == .exception(.illegalDataAddress))
        #expect(bench.respond(read(0x111F, 3), at: 1) == .exception(.illegalDataAddress))
        var narrow = large
        narrow.link.maximumGap = 7
        var strict = Bench(narrow)
        #expect(strict.respond(read(0x1112, 16), at: 1) == .exception(.illegalDataAddress))
        #expect(bench.respond(read(0x1100, 65), at: 1) == .exception(.illegalDataValue))
    }

    @Test func whereTheMapForbidsItTwoValuesAreNotReadTogether() {
        var bench = Bench(keba)
        guard case .response(.registers(let words)) = bench.respond(read(1000, 2), at: 1) else {
            Issue.record("a single value is refused")
            return
        }
        #expect(words.count == 2)
        #expect(bench.respond(read(1008, 4), at: 1) == .exception(.illegalDataAddress))
        #expect(bench.respond(read(1008, 6), at: 1) == .exception(.illegalDataAddress))
        #expect(bench.respond(read(1000, 1), at: 1) == .exception(.illegalDataAddress))
    }

    @Test func writeOnlyRegistersCannotBeReadNorReadOnlyOnesWritten() {
        var bench = Bench(keba)
        #expect(bench.respond(read(5004, 1), at: 1) == .exception(.illegalDataAddress))
        #expect(
            bench.respond(.writeMultipleRegisters(address: 1000, values: [0, 0]), at: 1)
                == .exception(.illegalDataAddress))
    }

    @Test func onlyTheFunctionOfTheProfileWrites() {
        var single = Bench(keba)
        #expect(
            single.respond(.writeMultipleRegisters(address: 5004, values: [10_000]), at: 1)
                == .exception(.illegalFunction))
        var multiple = Bench(large)
        #expect(
            multiple.respond(.writeSingleRegister(address: 0x2002, value: 0), at: 1)
                == .exception(.illegalFunction))
    }

    @Test func aValueIsWrittenWholeAndAWriteThatIsRefusedChangesNothing() {
        var bench = Bench(large)
        let half = ModbusOperation.writeMultipleRegisters(address: 0x2000, values: [10_000])
        #expect(bench.respond(half, at: 1) == .exception(.illegalDataAddress))
        let both = ModbusOperation.writeMultipleRegisters(
            address: 0x2000, values: [10_000, 0, 2])
        #expect(bench.respond(both, at: 1) == .exception(.illegalDataValue))
        #expect(bench.truth(at: 1).setpoint == .amperes(32))
        let good = ModbusOperation.writeMultipleRegisters(
            address: 0x2000, values: [10_000, 0, 0])
        #expect(bench.respond(good, at: 1) == done)
        #expect(bench.truth(at: 1).setpoint == .amperes(10))
        #expect(!bench.truth(at: 1).isEnabled)
    }

    @Test func onlyTheUnitsOfTheMapAnswer() {
        var bench = Bench(alfen)
        #expect(bench.respond(read(1210, 2), unit: 1, at: 1) != .silence)
        #expect(bench.respond(read(157, 11), unit: 200, at: 1) != .silence)
        #expect(
            bench.respond(read(1210, 2), unit: 200, at: 1) == .exception(.illegalDataAddress))
        for unit: UInt8 in [0, 2, 199, 255] {
            #expect(bench.respond(read(1210, 2), unit: unit, at: 1) == .silence)
        }
    }
}

extension WallboxTruth {
    /// What a register of this meaning should show, where it is a measurement.
    fileprivate func canonical(
        _ quantity: MeasuredQuantity?, _ element: Int, _ profile: DeviceProfile
    ) -> Int? {
        switch quantity {
        case .power: power.rawValue
        case .currents: currents[element].rawValue
        case .voltages: voltages[element].rawValue
        case .energyTotal: energyTotal.rawValue
        case .energySession: energySession.rawValue
        case .setpoint: limit.rawValue
        case .hardwareMaximum: profile.control.maximum.rawValue
        case .errorCode: 0
        case .failsafeCurrent: failsafe.current.rawValue
        case .failsafeTimeout: Int(failsafe.timeout.milliseconds)
        case .uptime: Int(uptime.milliseconds)
        case .setpointValidity, .serial, .firmware, .powers, .livePhases, .connectors, nil: nil
        }
    }
}
