import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// What real maps have beside plain registers: bits, registers that are not always there, forbidden
/// writes, and habits.
@Suite struct MapFeatureTests {
    private let large: DeviceProfile

    init() throws {
        large = try DeviceFile.profile("reference-22kw")
    }

    private func altered(
        _ options: WallboxOptions = WallboxOptions(), _ change: (inout DeviceProfile) -> Void
    ) -> Bench {
        var profile = large
        change(&profile)
        return Bench(profile, options: options)
    }

    private func read(_ address: UInt16) -> ModbusOperation {
        .readHoldingRegisters(address: address, count: 1)
    }

    private func write(_ address: UInt16, _ value: UInt16) -> ModbusOperation {
        .writeMultipleRegisters(address: address, values: [value])
    }

    // MARK: - Bits

    @Test func coilsAreReadAndSwitched() {
        var bench = altered { profile in
            profile.registers[profile.id("enable").rawValue].space = .coil
            profile.registers[profile.id("enable").rawValue].type = .bit
            profile.registers[profile.id("enable").rawValue].write = .single
        }
        let coil = ModbusOperation.readCoils(address: 0x2002, count: 1)
        #expect(bench.respond(coil, at: 1) == .response(.bits([true])))
        #expect(bench.respond(.writeSingleCoil(address: 0x2002, isOn: false), at: 2) == done)
        #expect(!bench.truth(at: 2).isEnabled)
        #expect(bench.respond(coil, at: 3) == .response(.bits([false])))
        // A register of the same address is another one, and there are no discrete inputs at all.
        #expect(bench.respond(read(0x2002), at: 4) == .exception(.illegalDataAddress))
        #expect(
            bench.respond(.readDiscreteInputs(address: 0x2002, count: 1), at: 4)
                == .exception(.illegalFunction))
    }

    // MARK: - What is not there

    private func gated(_ options: WallboxOptions = WallboxOptions()) -> Bench {
        altered(options) { profile in
            let layout = profile.add("layout", like: "mode", at: 0x1200)
            profile.add("new", like: "mode", at: 0x1201) {
                $0.gate = [RegisterCondition(register: layout, test: .range(0x108...Int.max))]
            }
            profile.add("newer", like: "mode", at: 0x1202) {
                $0.gate = [RegisterCondition(register: layout, test: .range(0x10A...Int.max))]
            }
            profile.add("old", like: "mode", at: 0x1203) {
                $0.gate = [RegisterCondition(register: layout, test: .range(0...0x107))]
            }
        }
    }

    @Test func theFirmwareHasAsMuchOfTheMapAsCanBe() {
        var bench = gated()
        #expect(bench.respond(read(0x1200), at: 1) == .response(.registers([0x10A])))
        #expect(bench.respond(read(0x1201), at: 1) != .exception(.illegalDataAddress))
        #expect(bench.respond(read(0x1202), at: 1) != .exception(.illegalDataAddress))
        #expect(bench.respond(read(0x1203), at: 1) == .exception(.illegalDataAddress))
    }

    @Test func aPresetDecidesWhatIsThere() {
        var profile = large
        let layout = profile.add("layout", like: "mode", at: 0x1200)
        profile.add("new", like: "mode", at: 0x1201) {
            $0.gate = [RegisterCondition(register: layout, test: .range(0x108...Int.max))]
        }
        var options = WallboxOptions()
        options.presets = [WallboxOptions.Preset(layout, .number(0x107))]
        var bench = Bench(profile, options: options)
        #expect(bench.respond(read(0x1200), at: 1) == .response(.registers([0x107])))
        #expect(bench.respond(read(0x1201), at: 1) == .exception(.illegalDataAddress))
    }

    @Test(arguments: [
        (DeviceManners.UnknownRegister.exception(1), WallboxReply.exception(.illegalFunction)),
        (.exception(2), .exception(.illegalDataAddress)), (.silence, .silence),
    ])
    func whatIsNotThereIsAnsweredAsTheWallboxDoes(
        manner: DeviceManners.UnknownRegister, reply: WallboxReply
    ) {
        var options = WallboxOptions()
        options.missing = [large.id("error-code")]
        var bench = altered(options) { $0.manners.unknownRegister = manner }
        #expect(bench.respond(read(0x4000), at: 1) == reply)
        #expect(bench.respond(write(0x4000, 1), at: 1) == reply)
        #expect(
            bench.respond(.readHoldingRegisters(address: 0x1102, count: 2), at: 1) == reply)
        // Half a value is there.
        #expect(bench.respond(read(0x1100), at: 1) != reply)
    }

    @Test func noReadReachesOverABarrier() {
        var bench = altered { $0.link.barriers = [0x1102] }
        let over = ModbusOperation.readHoldingRegisters(address: 0x1100, count: 4)
        #expect(bench.respond(over, at: 1) == .exception(.illegalDataAddress))
        let below = ModbusOperation.readHoldingRegisters(address: 0x1100, count: 2)
        #expect(bench.respond(below, at: 1) != .exception(.illegalDataAddress))
        let above = ModbusOperation.readHoldingRegisters(address: 0x1102, count: 2)
        #expect(bench.respond(above, at: 1) != .exception(.illegalDataAddress))
    }

    @Test func aForbiddenWriteIsRefusedAndCounted() {
        var bench = altered { profile in
            profile.denied = [
                DeniedWrite(space: .holding, addresses: 0x2002...0x2002, value: 0),
                DeniedWrite(space: .holding, addresses: 0x3000...0x3010),
            ]
        }
        #expect(bench.respond(write(0x2002, 1), at: 1) == done)
        #expect(bench.truth(at: 1).deniedWrites == 0)
        #expect(bench.respond(write(0x2002, 0), at: 2) == .exception(.illegalDataAddress))
        #expect(bench.respond(write(0x3008, 5), at: 2) == .exception(.illegalDataAddress))
        #expect(bench.truth(at: 2).deniedWrites == 2)
        #expect(bench.truth(at: 2).isEnabled)
    }

    // MARK: - Time on the wire

    @Test func aRequestThatComesTooSoonIsNotAnswered() {
        var options = WallboxOptions()
        options.keepsRequestGap = true
        var bench = altered(options) {
            $0.link.requestGap = .milliseconds(100)
            $0.link.delayAfterConnect = .milliseconds(500)
        }
        bench.wallbox.connectionOpened(at: Bench.instant(0))
        #expect(bench.respond(read(0x1100), at: 0.4) == .silence)
        #expect(bench.respond(read(0x1100), at: 0.5) != .silence)
        #expect(bench.respond(read(0x1100), at: 0.59) == .silence)
        #expect(bench.respond(read(0x1100), at: 0.68) == .silence)
        #expect(bench.respond(read(0x1100), at: 0.79) != .silence)
    }

    // MARK: - Signs of life

    @Test func r03_whereSeveralSignsOfLifeAreWantedAllMustCome() {
        var bench = altered { $0.heartbeat.further = [.rewriteSetpoint] }
        bench.plug(at: 0)
        _ = bench.limit(16, at: 10)
        #expect(bench.armFailsafe(.amperes(8), at: 10).allSatisfy { $0 == done })
        let life = ModbusOperation.writeMultipleRegisters(address: 0x2003, values: [0x5A5A])
        let setpoint = ModbusOperation.writeMultipleRegisters(
            address: 0x2000, values: [16_000, 0])
        for second in stride(from: 10, through: 60, by: 10) {
            #expect(bench.respond(life, at: Double(second)) == done)
            #expect(bench.respond(setpoint, at: Double(second)) == done)
        }
        #expect(bench.truth(at: 60).failsafe.activations == 0)
        for second in stride(from: 70, through: 100, by: 10) {
            #expect(bench.respond(life, at: Double(second)) == done)
        }
        #expect(bench.truth(at: 91).failsafe.isActive, "one of them has been missing for 30 s")
        #expect(bench.truth(at: 100.5).failsafe.isActive, "one alone does not end it")
        #expect(bench.respond(setpoint, at: 101) == done)
        #expect(!bench.truth(at: 101).failsafe.isActive)
    }

    @Test func r03_aFailsafeThatIsNotSwitchedOnDoesNotWatch() throws {
        var profile = large
        let switchedOn = profile.add("watch", like: "enable", at: 0x2010)
        let shown = profile.add("watching", like: "enable", at: 0x2012) { $0.write = nil }
        profile.failsafe?.arm = [.write(switchedOn, .raw(1))]
        profile.failsafe?.armedWhen = [RegisterCondition(register: shown, test: .oneOf([1]))]
        var bench = Bench(profile)
        bench.plug(at: 0)
        // Current and timeout alone, as the profile without the switch would have it.
        #expect(
            bench.command(large.failsafeOperations(current: .amperes(8)), at: 1) == [done, done])
        #expect(!bench.truth(at: 100).failsafe.isActive)
        #expect(!bench.truth(at: 100).failsafe.isArmed)
        #expect(bench.respond(read(0x2012), at: 100) == .response(.registers([0])))
        #expect(bench.respond(write(0x2010, 1), at: 100) == done)
        #expect(bench.respond(read(0x2012), at: 100) == .response(.registers([1])))
        #expect(!bench.truth(at: 129).failsafe.isActive)
        #expect(bench.truth(at: 131).failsafe.isActive)
        #expect(bench.respond(write(0x2010, 0), at: 140) == done)
        #expect(!bench.truth(at: 140).failsafe.isActive)
    }

    // MARK: - Habits

    @Test func anUnchangedLimitDoesNotStopWhatStartedByItself() {
        var bench = altered { $0.manners.ignoresUnchangedWrites = true }
        bench.plug(at: 0)
        _ = bench.limit(6, at: 1)
        bench.wallbox.startByItself(at: Bench.instant(10))
        #expect(bench.truth(at: 40).limit == .amperes(32))
        let same = ModbusOperation.writeMultipleRegisters(address: 0x2000, values: [6000, 0])
        #expect(bench.respond(same, at: 41) == done)
        #expect(bench.truth(at: 50).limit == .amperes(32))
        let other = ModbusOperation.writeMultipleRegisters(address: 0x2000, values: [7000, 0])
        #expect(bench.respond(other, at: 51) == done)
        #expect(bench.truth(at: 60).limit == .amperes(7))
    }

    @Test func aLimitOfZeroReadsAsTheMinimumWhereTheWallboxDoesThat() throws {
        var profile = try DeviceFile.profile("reference-7kw")
        profile.manners.readsZeroAsMinimum = true
        var bench = Bench(profile)
        #expect(bench.limit(0, at: 1) == [done])
        #expect(bench.truth(at: 1).limit == .zero)
        #expect(bench.values(at: 1).canonical("setpoint", of: profile) == 6000)
    }

    @Test func outsideChargingValuesAreStaleOrMissing() throws {
        var profile = large
        profile.registers[profile.id("currents").rawValue].outsideCharging = .zero
        profile.registers[profile.id("voltages").rawValue].outsideCharging = .absent
        var bench = Bench(profile)
        #expect(bench.values(at: 1)[profile.id("voltages")] == .unavailable(.notAvailable))
        bench.plug(at: 1)
        _ = bench.limit(10, at: 2)
        #expect(bench.values(at: 60).canonical("currents", of: profile) == 10_000)
        #expect(bench.values(at: 60).canonical("voltages", of: profile) == 230_000)
        _ = bench.limit(0, at: 60)
        #expect(bench.truth(at: 100).power == .zero)
        #expect(bench.values(at: 100).canonical("currents", of: profile) == 10_000)
        #expect(bench.values(at: 100)[profile.id("voltages")] == .unavailable(.notAvailable))
    }

    @Test func severalRegistersTakeTheLimitAndTheLeastCounts() throws {
        var profile = large
        let total = profile.add("total", like: "setpoint", at: 0x2010)
        profile.control.limit.append(.write(total, .limit))
        var bench = Bench(profile)
        #expect(bench.limit(10, at: 1) == [done, done])
        #expect(bench.truth(at: 1).limit == .amperes(10))
        let second = ModbusOperation.writeMultipleRegisters(address: 0x2010, values: [8000, 0])
        #expect(bench.respond(second, at: 2) == done)
        #expect(bench.truth(at: 2).limit == .amperes(8))
    }

    @Test func r30_theProfilesWayWakesASleepyVehicleUp() throws {
        var profile = large
        let lock = profile.add("lock", like: "enable", at: 0x2010)
        profile.control.wakeUp = [
            .write(lock, .raw(0)), .wait(.seconds(10)), .write(lock, .raw(1)),
        ]
        var bench = Bench(profile)
        bench.plug(Vehicle(manner: .sleepy(offers: 100)), at: 0)
        #expect(bench.truth(at: 30).pilot == .c2)
        _ = bench.limit(0, at: 30)
        _ = bench.limit(10, at: 60)
        #expect(bench.truth(at: 100).pilot == .b2)
        #expect(bench.respond(write(0x2010, 0), at: 100) == done)
        #expect(bench.truth(at: 110).pilot == .b2)
        #expect(bench.respond(write(0x2010, 1), at: 110) == done)
        #expect(bench.truth(at: 120).pilot == .c2)
    }

    @Test func whatACommandWaitsForComesAfterAMoment() throws {
        var profile = large
        let action = profile.add("action", like: "mode", at: 0x1200)
        let busy = RegisterCondition(register: action, test: .oneOf([0]))
        profile.control.idle.append(.waitUntil([busy], within: .seconds(10)))
        var bench = Bench(profile)
        #expect(bench.respond(read(0x1200), at: 1) == .response(.registers([0])))
        #expect(bench.respond(write(0x2002, 0), at: 2) == done)
        #expect(bench.respond(read(0x1200), at: 2.5) != .response(.registers([0])))
        #expect(bench.respond(read(0x1200), at: 2.8) == .response(.registers([0])))
    }
}
