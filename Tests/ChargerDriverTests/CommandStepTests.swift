import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing

/// Steps of all kinds on the wire, against a bank of registers.
@Suite struct CommandStepTests {
    @Test func bitsAreChangedInWhatTheRegisterHolds() throws {
        let profile = try StepProfile.profile(
            registers: ["config: { at: 42, type: u16, write: single }"],
            control: ["charge: [ config set 0x80, config clear 0x40, setpoint = limit ]"])
        var (bench, bank) = DriverBench.onBank(profile)
        bank[42] = 0x2040
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(10))
        #expect(bench.frames == [[42, 0x20C0], [42, 0x2080], [40, 100]])
        // What stands there already is not written again.
        bench.aim(.zero)
        bench.run(for: .seconds(10))
        bench.aim(.amperes(8))
        bench.run(for: .seconds(20))
        #expect(bench.frames.suffix(2) == [[40, 0], [40, 80]])
    }

    @Test func aCommandWaitsUntilItsConditionsHold() throws {
        var (bench, bank) = DriverBench.onBank(try Self.waiting())
        bank[41] = 1
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(3))
        #expect(bench.frames == [[43, 1]], "the limit waits")
        bank[41] = 0
        bench.run(for: .seconds(2))
        #expect(bench.frames == [[43, 1], [40, 100]])
        #expect(bench.driver.snapshot.setpoint.value == .amperes(10))
    }

    @Test func r25_aCommandThatWaitsTooLongIsGivenUpWithAReason() throws {
        var (bench, bank) = DriverBench.onBank(try Self.waiting())
        bank[41] = 1
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(8))
        guard case .refused(_, let reason) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        #expect(reason == "it did not get ready within 5 s: busy reads 1")
        #expect(bench.frames == [[43, 1], [40, 0]], "what is left of it is not carried out")
        // A stop does not wait for anything.
        bench.aim(.zero)
        bench.run(for: .milliseconds(100))
        #expect(bench.driver.snapshot.setpoint.value == .zero)
    }

    private static func waiting() throws -> DeviceProfile {
        try StepProfile.profile(
            registers: [
                "busy: { at: 41, type: u16 }",
                "start: { at: 43, type: u16, read: no, write: single }",
            ],
            control: [
                "charge: [ start = 1, { until: { busy: 0 }, within: 5s }, setpoint = limit ]"
            ])
    }

    @Test func aForcedEdgeIsOnlyWrittenWhereTheNewestValuesAskForIt() throws {
        let profile = try StepProfile.profile(control: [
            "idle: [ { if: { setpoint: 1 }, do: [ setpoint = 6A, wait 1s ] }, setpoint = 0.1A ]",
            "off: 1",
        ])
        var (bench, bank) = DriverBench.onBank(profile)
        bank[40] = 100
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.zero)
        bench.run(for: .seconds(10))
        #expect(bench.frames == [[40, 1]])
        #expect(bench.application.isVerified(.zero))
        #expect(bench.driver.snapshot.setpoint.value == .zero, "0.1 A means off")
    }

    @Test func aCommandMayEndInAWait() throws {
        let profile = try StepProfile.profile(control: ["charge: [ setpoint = limit, wait 1s ]"])
        var (bench, _) = DriverBench.onBank(profile)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(10))
        #expect(bench.frames == [[40, 100]])
        #expect(bench.application.isVerified(.amperes(10)))
    }

    @Test func whatIsNotThereIsNotWritten() throws {
        let profile = try StepProfile.profile(
            registers: [
                "fine-control: { at: 50, type: u16, poll: once, values: { 0: no, 1: yes } }",
                "fine: { at: 44, type: u16, scale: 0.01, unit: A, read: no, write: single, if: { fine-control: 1 } }",
            ],
            control: [
                "charge: [ setpoint = limit, fine = limit ]",
                "limit: [ setpoint = limit, fine = limit ]",
            ])
        for isThere in [false, true] {
            var (bench, bank) = DriverBench.onBank(profile)
            bank[50] = isThere ? 1 : 0
            bench.open()
            bench.run(for: .seconds(2))
            bench.aim(.amperes(10))
            bench.run(for: .seconds(5))
            #expect(bench.frames == (isThere ? [[40, 100], [44, 1_000]] : [[40, 100]]))
        }
    }

    // MARK: - Before and after

    @Test func r13_aWallboxIsPreparedBeforeAllElseAfterEveryContact() throws {
        let profile = try StepProfile.profile(
            registers: ["standby: { at: 43, type: u16, read: no, write: single }"],
            control: ["on-connect: [ standby = 4 ]"])
        var (bench, bank) = DriverBench.onBank(profile)
        bench.aim(.amperes(10))
        bench.open()
        bench.run(for: .seconds(10))
        #expect(bench.frames == [[43, 4], [40, 100]])
        bench.lose()
        bench.open()
        bench.run(for: .seconds(10))
        #expect(bench.frames.count { $0 == [43, 4] } == 2)
        // It has started anew.
        bank[12] = 1
        bench.run(for: .seconds(10))
        #expect(bench.frames.count { $0 == [43, 4] } == 3)
        #expect(bench.application.isVerified(.amperes(10)))
    }

    @Test func aWallboxThatIsNotPreparedIsControlledAllTheSameAndSaysSo() throws {
        let profile = try StepProfile.profile(
            registers: ["standby: { at: 43, type: u16, read: no, write: single }"],
            control: ["on-connect: [ standby = 4 ]"])
        var (bench, bank) = DriverBench.onBank(profile)
        bank.refuse(43)
        bank[40] = 160
        bench.open()
        bench.aim(.zero)
        bench.run(for: .seconds(10))
        #expect(bench.frames == [[40, 0]])
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("NOT_PREPARED"))
    }

    @Test func r04_aWallboxIsHandedOverOnceTheLastLimitStands() throws {
        let profile = try StepProfile.profile(
            registers: ["standby: { at: 43, type: u16, read: no, write: single }"],
            control: ["on-disconnect: [ standby = 0, wait 100ms, standby = 1 ]"])
        var (bench, _) = DriverBench.onBank(profile)
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(10))
        #expect(bench.driver.isReleased)
        bench.aim(.amperes(6), allowsIncrease: false)
        bench.driver.endRequested(at: bench.time)
        #expect(!bench.driver.isReleased)
        bench.run(for: .milliseconds(500))
        #expect(bench.frames.suffix(3) == [[40, 60], [43, 0], [43, 1]])
        #expect(bench.driver.isReleased)
        let reads = bench.reads
        bench.run(for: .seconds(5))
        #expect(bench.reads == reads, "nothing more is asked")
    }

    // MARK: - Host memory

    @Test func whereNothingTellsWhatWasWrittenCountsAndAVehicleThatDrawsMeansOn() throws {
        let profile = try StepProfile.profile(control: ["enabled: memory"])
        var (bench, bank) = DriverBench.onBank(profile)
        // It shows the minimum after 0 was written.
        let answer = bench.answer
        bench.answer = { [bank] request in
            let result = answer?(request)
            if bank[40] == 0 { bank[40] = 60 }
            return result
        }
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        #expect(bench.application.isVerified(.zero))
        #expect(bench.driver.snapshot.setpoint.value == .zero)
        let stops = bench.frames.count
        bench.run(for: .seconds(60))
        #expect(bench.frames.count == stops)
        bank[10] = 2
        bench.run(for: .seconds(5))
        #expect(bench.frames.count > stops, "it draws: stopped again")
    }

    // MARK: - The last line

    /// No file can say so: the compiler refuses a profile that writes what it denies.
    @Test func r01_whatIsDeniedIsNeverPlanned() throws {
        var profile = try StepProfile.profile(
            registers: [
                "alive: { at: 44, type: u16, read: no, write: single }",
                "fallback: { at: 45, type: u16, scale: 0.1, unit: A, write: single }",
                "patience: { at: 46, type: u16, unit: s, write: single }",
            ],
            heartbeat: "{ by: alive = 1, timeout: 30s }",
            failsafe: [
                "direction: down", "current: fallback",
                "timeout: { write: patience, read: patience, value: 30s }",
            ])
        profile.denied = [DeniedWrite(space: .holding, addresses: 40...46)]
        var (bench, bank) = DriverBench.onBank(profile)
        bank[40] = 320
        bench.open()
        for limit in [16, 0, 10] {
            bench.aim(.amperes(limit))
            bench.run(for: .seconds(20))
        }
        #expect(bench.frames == [])
        guard case .refused(_, let reason) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        #expect(reason == "the profile acme-box forbids to write 40")
    }
}

extension TargetApplication {
    func isVerified(_ limit: Milliamperes) -> Bool {
        if case .verified(_, limit, _) = self { true } else { false }
    }
}
