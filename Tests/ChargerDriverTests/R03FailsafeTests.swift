import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

@Suite struct R03FailsafeTests {
    private func warning(_ bench: DriverBench) -> String? {
        for case .failsafeNotArmed(let reason) in bench.driver.snapshot.conditions { return reason }
        return nil
    }

    /// 8 A, and not the 6 A with which the wallboxes leave the factory.
    private func run(_ profile: DeviceProfile, safe: Milliamperes = .amperes(8)) -> DriverBench {
        var bench = DriverBench(profile, safe: safe)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(20))
        return bench
    }

    @Test(arguments: ["reference-7kw", "reference-22kw", "keba-p30"])
    func r03_isArmedAndFollowsTheTarget(device: String) throws {
        var bench = run(try DriverBench.profile(device), safe: .amperes(8))
        #expect(bench.truth.failsafe.current == .amperes(8))
        #expect(bench.truth.failsafe.timeout == .seconds(30))
        #expect(warning(bench) == nil)
        bench.aim(.amperes(6))
        bench.run(for: .seconds(12))
        #expect(bench.truth.failsafe.current == .amperes(6))
        bench.aim(.zero)
        bench.run(for: .seconds(12))
        #expect(bench.truth.failsafe.current == .zero)
        #expect(warning(bench) == nil)
    }

    @Test(arguments: ["reference-7kw", "reference-22kw", "keba-p30"])
    func r03_isNotWrittenOverAndOverOnceItStands(device: String) throws {
        var bench = run(try DriverBench.profile(device))
        let since = bench.elapsed
        bench.run(for: .seconds(120))
        let writes = bench.writes.filter { $0.at >= since && $0.what.hasPrefix("failsafe-current") }
        #expect(writes.isEmpty)
        // Elsewhere the timeout is the sign of life.
        if bench.profile.heartbeat.kind != .rewriteFailsafeTimeout {
            #expect(bench.written("failsafe-timeout", since: since).isEmpty)
        }
        // Arming took one write each.
        let armed = bench.writes.filter { $0.what.hasPrefix("failsafe-current") }
        #expect(armed.count == 1)
    }

    @Test func r03_aWallboxWithoutFailsafeWarns() throws {
        var profile = try DriverBench.profile("reference-7kw")
        profile.failsafe = nil
        #expect(try #require(warning(run(profile))).contains("no failsafe"))
    }

    @Test(arguments: [Failsafe.Direction.up, .hold])
    func r03_aFailsafeThatDoesNotFallWarns(direction: Failsafe.Direction) throws {
        var profile = try DriverBench.profile("reference-7kw")
        profile.failsafe?.direction = direction
        #expect(warning(run(profile)) != nil)
    }

    @Test func r03_aFailsafeThatIsIgnoredWarnsAndIsTriedSeldom() throws {
        var profile = try DriverBench.profile("reference-7kw")
        // A register that takes the value, and another that shows something else.
        let other = profile.register(named: "error-code")
        profile.failsafe?.currentReadBack = other
        let bench = run(profile)
        #expect(try #require(warning(bench)).contains("could not be armed"))
        #expect(bench.written("failsafe-current").count <= 4)
    }

    @Test func r03_aFailsafeThatIsRefusedForGoodWarnsAtOnceAndOneThatIsBusyIsTriedAgain() throws {
        for (exception, isWarned) in [
            (ModbusException.illegalDataValue, true), (.serverDeviceBusy, false),
        ] {
            var bench = try DriverBench(device: "reference-7kw", safe: .amperes(8))
            bench.answer = { request in
                guard case .writeSingleRegister(1, _) = request.operation else { return nil }
                return .failure(.exception(exception))
            }
            bench.open()
            bench.run(for: .seconds(2))
            bench.aim(.amperes(16))
            bench.run(for: .seconds(3))
            #expect((warning(bench) != nil) == isWarned)
            bench.answer = nil
            bench.run(for: isWarned ? .seconds(65) : .seconds(8))
            #expect(bench.truth.failsafe.current == .amperes(8))
            #expect(warning(bench) == nil)
        }
    }

    @Test func r03_aReadOnlyFallbackAboveTheSafeCurrentWarns() throws {
        var options = WallboxOptions()
        options.failsafe.current = .amperes(10)
        var bench = DriverBench(try DriverBench.profile("alfen-eve"), options: options)
        bench.open()
        bench.run(for: .seconds(5))
        #expect(try #require(warning(bench)).contains("above safe-current"))
    }

    @Test func r03_aFailsafeThatTakesNo0WarnsWhileIdle() throws {
        var profile = try DriverBench.profile("reference-7kw")
        profile.failsafe?.acceptsZero = false
        var bench = run(profile)
        #expect(warning(bench) == nil)
        bench.aim(.zero)
        bench.run(for: .seconds(12))
        #expect(try #require(warning(bench)).contains("takes no 0"))
        #expect(bench.truth.failsafe.current == .amperes(6))
    }

    /// Toggling must not use up the attempts of a current whose timeout cannot be set.
    @Test func r03_aFixedTimeoutDoesNotMakeTheCurrentLookUnarmed() throws {
        var profile = try DriverBench.profile("reference-7kw")
        profile.failsafe?.timeout = nil
        profile.failsafe?.timeoutReadBack = nil
        var bench = run(profile)
        for _ in 0..<5 {
            bench.aim(.zero)
            bench.run(for: .seconds(3))
            bench.aim(.amperes(16))
            bench.run(for: .seconds(8))
        }
        #expect(warning(bench) == nil)
    }

    @Test func r03_aCoarseRegisterIsArmedRoundedDownAndCountsAsArmed() throws {
        var profile = try DriverBench.profile("reference-7kw")
        let register = try #require(profile.register(named: "failsafe-current"))
        profile.registers[register.rawValue].scale = RegisterScale(numerator: 1_000)
        let bench = run(profile, safe: Milliamperes(8_500))
        #expect(bench.truth.failsafe.current == .amperes(8))
        #expect(warning(bench) == nil)
        #expect(bench.written("failsafe-current").count == 1)
    }

    // MARK: - Heartbeats

    @Test(arguments: ["reference-22kw", "keba-p30", "alfen-eve"])
    func r03_signsOfLifeComeEveryThirdOfTheTimeout(device: String) throws {
        var bench = run(try DriverBench.profile(device))
        let since = bench.elapsed
        bench.run(for: .seconds(200))
        let beats: [Duration] =
            switch bench.profile.heartbeat.kind {
            case .write: bench.written("life-sign", since: since).map(\.at)
            case .rewriteSetpoint: bench.written("setpoint", since: since).map(\.at)
            default: bench.written("failsafe-timeout-set", since: since).map(\.at)
            }
        let timeout = bench.truth.failsafe.timeout
        #expect(beats.count > 5)
        for (one, next) in zip(beats, beats.dropFirst()) {
            // A transaction that is under way may delay it.
            #expect(next - one <= timeout / 3 + .milliseconds(100))
        }
        #expect(bench.truth.failsafe.activations == 0)
    }

    /// 10 s has been met in the field: it shows only in what is left after a write.
    @Test func r03_aShortValidityIsNoticedFromWhatIsLeft() throws {
        var options = WallboxOptions()
        options.failsafe.timeout = .seconds(10)
        var bench = DriverBench(try DriverBench.profile("alfen-eve"), options: options)
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(30))
        let activations = bench.truth.failsafe.activations
        let since = bench.elapsed
        bench.run(for: .seconds(120))
        #expect(bench.truth.failsafe.activations == activations)
        let beats = bench.written("setpoint", since: since).map(\.at)
        for (one, next) in zip(beats, beats.dropFirst()) {
            #expect(next - one <= .milliseconds(3_500))
        }
    }

    @Test func r03_pollingIsTheSignOfLifeWhereAnyReadIs() throws {
        let profile = try DriverBench.profile("reference-7kw")
        let poll = DriverEngine.effectivePoll(profile: profile, configured: .seconds(60))
        #expect(poll <= .seconds(10))
        var bench = DriverBench(profile, poll: .seconds(60))
        bench.open()
        bench.run(for: .seconds(1))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(300))
        #expect(bench.truth.failsafe.activations == 0)
    }

    @Test func r03_aHeartbeatDoesNotWaitForALongCommand() throws {
        var profile = try DriverBench.profile("reference-22kw")
        profile.control.charge.insert(.wait(.seconds(40)), at: 1)
        var bench = DriverBench(profile)
        bench.open()
        bench.run(for: .seconds(1))
        bench.aim(.zero)
        bench.run(for: .seconds(12))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(50))
        #expect(bench.truth.failsafe.activations == 0)
        #expect(bench.truth.limit == .amperes(16))
    }
}
