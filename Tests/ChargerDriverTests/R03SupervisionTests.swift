import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Several signs of life, and a failsafe that is switched on by itself.
@Suite struct R03SupervisionTests {
    @Test func r03_everySignOfLifeComesInItsOwnTime() throws {
        let profile = try StepProfile.profile(
            registers: ["alive: { at: 44, type: u16, read: no, write: single }"],
            heartbeat: "{ by: [ alive = 0x55AA, rewrite-setpoint ], every: 2s, timeout: 60s }")
        var (bench, _) = DriverBench.onBank(profile)
        bench.open()
        bench.aim(.amperes(10))
        bench.run(for: .seconds(10))
        let since = bench.elapsed
        bench.run(for: .seconds(20))
        for register in ["alive", "setpoint"] {
            let beats = bench.written(register, since: since).map(\.at)
            #expect(beats.count >= 9, "\(register)")
            for (before, after) in zip(beats, beats.dropFirst()) {
                #expect(after - before <= .milliseconds(2_200), "\(register)")
            }
        }
    }

    /// Not at once: a wallbox that refuses it has other things to be asked.
    @Test func r03_aRefusedSignOfLifeIsRepeatedAfterAQuarterOfItsPeriod() throws {
        let profile = try StepProfile.profile(
            registers: ["alive: { at: 44, type: u16, read: no, write: single }"],
            heartbeat: "{ by: [ alive = 0x55AA ], timeout: 60s }")
        var (bench, bank) = DriverBench.onBank(profile)
        let answer = bench.answer
        let attempts: UInt16 = 60
        bench.answer = { [bank] request in
            guard case .writeSingleRegister(44, _) = request.operation else {
                return answer?(request)
            }
            bank[attempts] += 1
            return .failure(.exception(.illegalDataAddress))
        }
        bench.open()
        bench.aim(.amperes(10))
        bench.run(for: .seconds(10))
        bank[attempts] = 0
        bench.run(for: .seconds(40))
        #expect(7...9 ~= bank[attempts], "\(bank[attempts]) in 40 s")
    }

    /// The next attempt after a refusal would come too late.
    @Test func r03_aRefusedSignOfLifeIsRepeatedAsSoonAsAnythingIsTaken() throws {
        var bench = try DriverBench(device: "reference-22kw")
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(30))
        let activations = bench.truth.failsafe.activations
        let last = try #require(bench.written("life-sign").last?.at)
        bench.answer = { _ in .failure(.exception(.illegalDataAddress)) }
        bench.run(for: last + .milliseconds(28_000) - bench.elapsed)
        bench.answer = nil
        bench.run(for: .seconds(20))
        #expect(bench.truth.failsafe.activations == activations)
        #expect(bench.truth.limit == .amperes(16))
    }

    /// A failsafe that is armed by registers of its own; `more` is added to its section.
    static func armed(_ more: [String]) throws -> DeviceProfile {
        try StepProfile.profile(
            registers: [
                "fallback: { at: 45, type: u16, scale: 0.1, unit: A, write: single }",
                "patience: { at: 46, type: u16, unit: s, write: single }",
                "watch: { at: 47, type: u16, write: single, poll: slow }",
            ],
            failsafe: [
                "direction: down", "current: fallback", "accepts-zero: yes",
                "timeout: { write: patience, read: patience, value: 30s }",
            ] + more)
    }

    @Test func r03_theFailsafeIsSwitchedOnAfterItsCurrentAndTimeout() throws {
        let profile = try Self.armed(["arm: [ watch = 1 ]", "armed: { watch: 1 }"])
        var (bench, bank) = DriverBench.onBank(profile)
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        #expect(bench.frames == [[40, 160], [45, 60], [46, 30], [47, 1]])
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("FAILSAFE_NOT_ARMED"))
        // Somebody switches it off.
        bank[47] = 0
        bench.run(for: .seconds(15))
        #expect(bench.frames.last == [47, 1])
        #expect(bank[47] == 1)
    }

    @Test func r03_aFailsafeThatDoesNotSwitchOnRaisesAWarning() throws {
        let profile = try Self.armed(["arm: [ watch = 1 ]", "armed: { watch: 1 }"])
        var (bench, bank) = DriverBench.onBank(profile)
        let answer = bench.answer
        bench.answer = { [bank] request in
            let result = answer?(request)
            bank[47] = 0
            return result
        }
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(60))
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("FAILSAFE_NOT_ARMED"))
        #expect((1...6).contains(bench.frames.count { $0 == [47, 1] }))
    }

    @Test func r03_aFailsafeThatNobodyCanSwitchOnRaisesAWarning() throws {
        var (bench, bank) = DriverBench.onBank(try Self.armed(["armed: { watch: 1 }"]))
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("FAILSAFE_NOT_ARMED"))
        bank[47] = 1
        bench.run(for: .seconds(20))
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("FAILSAFE_NOT_ARMED"))
    }

    @Test func r03_aFailsafeInWattsCountsOnOnePhase() throws {
        let profile = try StepProfile.profile(
            setpoint: "unit: W",
            registers: [
                "fallback: { at: 45, type: u16, unit: W, write: single }",
                "patience: { at: 46, type: u16, unit: s, write: single }",
            ],
            control: ["nominal-voltage: 230V"],
            failsafe: [
                "direction: down", "current: fallback",
                "timeout: { write: patience, read: patience, value: 30s }",
            ])
        var (bench, bank) = DriverBench.onBank(profile)
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        #expect(bank[45] == 1_380)
        #expect(bank[46] == 30)
        #expect(!bench.driver.snapshot.conditions.map(\.code).contains("FAILSAFE_NOT_ARMED"))
    }
}
