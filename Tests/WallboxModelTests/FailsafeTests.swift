import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// R03: what the wallbox does by itself when nobody talks to it any more.
@Suite struct FailsafeTests {
    /// A bench with a vehicle charging at 20 A and the failsafe armed to 8 A, where it can be, at
    /// 10 s.
    private func charging(
        _ id: String, options: WallboxOptions = WallboxOptions(),
        _ change: (inout DeviceProfile) -> Void = { _ in }
    ) throws -> Bench {
        var profile = try DeviceFile.profile(id)
        change(&profile)
        var options = options
        options.failsafe.current = .amperes(8)
        var bench = Bench(profile, options: options)
        bench.plug(Vehicle(maximumCurrent: .amperes(32)), at: 0)
        #expect(bench.armFailsafe(.amperes(8), at: 10).allSatisfy { $0 == done })
        #expect(bench.limit(20, at: 10).allSatisfy { $0 == done })
        #expect(bench.heartbeat(.amperes(20), at: 10).allSatisfy { $0 != .silence })
        return bench
    }

    @Test(arguments: DeviceFile.all)
    func r03_fallsDownAtTheTimeoutAfterTheLastContact(_ id: String) throws {
        var bench = try charging(id)
        let timeout = bench.wallbox.truth.failsafe.timeout
        #expect(timeout == (id == "alfen-eve" ? .seconds(60) : .seconds(30)))
        let end = 10 + Double(timeout.components.seconds)
        let before = bench.truth(at: end - 0.1)
        #expect(!before.failsafe.isActive)
        #expect(before.offered == .amperes(20))
        let after = bench.truth(at: end + 1)
        #expect(after.failsafe.isActive)
        #expect(after.limit == .amperes(8))
        #expect(after.offered == .amperes(8))
        #expect(bench.truth(at: end + 6).currents[0] == .amperes(8))
        #expect(bench.truth(at: end + 6).failsafe.activations == 1)
    }

    @Test(arguments: DeviceFile.all)
    func r03_heartbeatsAtAThirdOfTheTimeoutKeepItAway(_ id: String) throws {
        var bench = try charging(id)
        for beat in 1...100 {
            let replies = bench.heartbeat(.amperes(20), at: 10 + Double(beat) * 10)
            #expect(replies.allSatisfy { $0 != .silence })
            #expect(!bench.wallbox.truth.failsafe.isActive)
        }
        #expect(bench.wallbox.truth.failsafe.activations == 0)
    }

    @Test(arguments: [
        (Failsafe.Direction.hold, 20), (.up, 32), (.stop, 0), (.down, 8),
    ])
    func r03_everyDirectionIsReachedWithinASecond(
        _ direction: Failsafe.Direction, _ amperes: Int
    ) throws {
        var bench = try charging("reference-22kw") { $0.failsafe?.direction = direction }
        #expect(bench.truth(at: 39.9).offered == .amperes(20))
        #expect(bench.truth(at: 41).offered == .amperes(amperes))
        #expect(bench.truth(at: 41).failsafe.isActive)
    }

    @Test func r03_aFallbackTakesThePlaceOfAPauseToo() throws {
        var bench = try charging("reference-7kw")
        #expect(bench.limit(0, at: 12) == [done])
        #expect(bench.truth(at: 20).limit == .zero)
        #expect(bench.truth(at: 43).limit == .amperes(8))
    }

    @Test func readingIsNoSignOfLifeWhereTheProfileSaysSo() throws {
        var bench = try charging("reference-22kw")
        for second in 11...60 { _ = bench.values(at: Double(second)) }
        #expect(bench.wallbox.truth.failsafe.isActive)
    }

    @Test func aWrongLifeSignIsNone() throws {
        var bench = try charging("reference-22kw")
        for second in 11...60 {
            let reply = bench.respond(
                .writeMultipleRegisters(address: 0x2003, values: [0x1234]), at: Double(second))
            #expect(reply == done)
        }
        #expect(bench.wallbox.truth.failsafe.isActive)
    }

    @Test func timeoutZeroSwitchesTheFailsafeOff() throws {
        var bench = try charging("reference-7kw")
        #expect(bench.respond(.writeSingleRegister(address: 2, value: 0), at: 12) == done)
        #expect(bench.truth(at: 100_000).failsafe.deadline == nil)
        #expect(bench.truth(at: 100_000).offered == .amperes(20))
    }

    @Test func anArmedFailsafeIsReadBack() throws {
        for id in ["reference-7kw", "reference-22kw", "keba-p30"] {
            var bench = try charging(id)
            let values = bench.values(at: 11)
            #expect(values.canonical("failsafe-current", of: bench.wallbox.profile) == 8000)
            #expect(values.canonical("failsafe-timeout", of: bench.wallbox.profile) == 30_000)
        }
    }

    @Test func theRemainingValidityCountsDown() throws {
        var bench = try charging("alfen-eve")
        let profile = bench.wallbox.profile
        #expect(bench.values(at: 10).canonical("setpoint-validity", of: profile) == 60_000)
        #expect(bench.values(at: 33).canonical("setpoint-validity", of: profile) == 37_000)
        #expect(bench.values(at: 100).canonical("setpoint-validity", of: profile) == 0)
    }

    // MARK: - Recovery

    @Test func byHeartbeatTheOldSetpointIsInForceAgain() throws {
        var bench = try charging("reference-7kw")
        #expect(bench.truth(at: 60).failsafe.isActive)
        _ = bench.heartbeat(.amperes(20), at: 60)
        #expect(bench.truth(at: 60).limit == .amperes(20))
    }

    @Test func bySetpointItMustBeWrittenAgain() throws {
        var bench = try charging("alfen-eve")
        _ = bench.values(at: 80)
        #expect(bench.truth(at: 80).failsafe.isActive)
        #expect(bench.limit(16, at: 81) == [done])
        #expect(bench.truth(at: 81).limit == .amperes(16))
    }

    @Test func onAKebaSetpointAndEnableMustBothBeWrittenAgain() throws {
        var bench = try charging("keba-p30")
        _ = bench.heartbeat(.amperes(20), at: 60)
        #expect(bench.truth(at: 60).limit == .amperes(8))
        #expect(bench.respond(.writeSingleRegister(address: 5004, value: 16_000), at: 61) == done)
        #expect(bench.truth(at: 61).limit == .amperes(8))
        #expect(bench.respond(.writeSingleRegister(address: 5014, value: 1), at: 62) == done)
        #expect(bench.truth(at: 62).limit == .amperes(16))
        #expect(!bench.truth(at: 62).failsafe.isActive)
    }
}
