import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Failsafes that tell less than others, and moments in which they must not rise.
@Suite struct R03CornerTests {
    private func isWarned(_ bench: DriverBench) -> Bool {
        bench.driver.snapshot.conditions.map(\.code).contains("FAILSAFE_NOT_ARMED")
    }

    /// Requirements R3 and R4: what the wallbox falls to by itself is no more than it was told last.
    @Test func r04_pastItsLeaseAPausedWallboxKeepsAFailsafeOf0() throws {
        var bench = try DriverBench(device: "reference-22kw")
        bench.open()
        bench.run(for: .seconds(2))
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        #expect(bench.truth.failsafe.current == .zero)
        bench.isControlled = false
        bench.run(for: .seconds(40))
        #expect(bench.truth.failsafe.current == .zero)
        #expect(bench.truth.limit == .zero)
    }

    /// It was given up at 8 A, and stands as it should at 0 A: nothing was tried yet of what comes then.
    @Test func r03_aFailsafeThatStandsAgainIsNotLeftAloneAnyLonger() throws {
        var bench = try DriverBench(device: "reference-22kw", safe: .amperes(8))
        bench.open()
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        var faults = WallboxFaults()
        faults.writes = .ignored
        bench.box.setFaults(faults, at: bench.now)
        bench.aim(.amperes(16))
        bench.run(for: .seconds(10))
        #expect(isWarned(bench))
        bench.box.setFaults(WallboxFaults(), at: bench.now)
        bench.aim(.zero)
        // It is read every 30 s, and is left alone for 60 s.
        bench.run(for: .seconds(32))
        #expect(!isWarned(bench))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(10))
        #expect(bench.truth.failsafe.current == .amperes(8))
    }

    @Test func r03_aFailsafeThatCannotBeReadBackIsBelieved() throws {
        var profile = try DriverBench.profile("reference-22kw")
        profile.failsafe?.currentReadBack = nil
        profile.failsafe?.timeoutReadBack = nil
        var bench = DriverBench(profile, safe: .amperes(8))
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(120))
        #expect(bench.truth.failsafe.current == .amperes(8))
        #expect(bench.written("failsafe-current").count == 1)
        #expect(!isWarned(bench))
    }

    @Test func r03_aSwitchThatShowsNothingIsBelieved() throws {
        var (bench, bank) = DriverBench.onBank(
            try R03SupervisionTests.armed(["arm: [ watch = 1 ]"]))
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(60))
        #expect(bank[47] == 1)
        #expect(bench.frames.count { $0 == [47, 1] } == 1)
        #expect(!isWarned(bench))
    }

    @Test func r03_aSwitchThatIsRefusedIsTriedAFewTimesAndThenRaisesAWarning() throws {
        var (bench, _) = DriverBench.onBank(
            try R03SupervisionTests.armed(["arm: [ watch = 1 ]", "armed: { watch: 1 }"]))
        let answer = bench.answer
        bench.answer = { request in
            guard case .writeSingleRegister(47, _) = request.operation else {
                return answer?(request)
            }
            return .failure(.exception(.illegalDataValue))
        }
        bench.open()
        bench.aim(.amperes(16))
        bench.run(for: .seconds(60))
        #expect(isWarned(bench))
        #expect(bench.driver.snapshot.application.revision == bench.target?.revision)
    }

    // MARK: - Readings

    /// Requirement R26: a state that follows from several reads is as old as the first of them.
    @Test func r26_aStateIsAsOldAsTheOldestOfItsRegisters() throws {
        let text = try #require(ProfileFolder.text("reference-7kw"))
            .replacing("state:\n", with: "  lock: { at: 500, space: input, type: u16 }\n\nstate:\n")
            .replacing("  - { pilot: a, is: A }", with: "  - { pilot: a, lock: 0, is: A }")
        let profile = try #require(ProfileFolder.compile(text, id: "reference-7kw").profile)
        var bench = DriverBench(profile)
        bench.delay = .milliseconds(100)
        bench.open()
        bench.run(for: .seconds(5))
        // The power is read together with the pilot, and the lock after both.
        let pilot = try #require(bench.driver.snapshot.pilot.capturedAt)
        #expect(pilot == bench.driver.snapshot.power.capturedAt)
        #expect(bench.driver.snapshot.lastPoll.map { $0.monotonic > pilot.monotonic } == true)
    }

    // MARK: - Lines

    @Test func aLineIsOpenOnceItIsOpened() throws {
        let origin = MonotonicInstant(nanoseconds: 1_000_000_000)
        let now = TimePoint(monotonic: origin, wall: WallInstant(milliseconds: 0))
        let profile = try DriverBench.profile("reference-7kw")
        let driver = DriverEngine(
            profile: profile,
            configuration: DriverConfiguration(
                unit: 1, installationMaximum: .amperes(16), safeCurrent: .amperes(6), phases: 1,
                poll: .seconds(1)),
            at: now)
        var line = LineEngine(drivers: [driver], policy: LinkPolicy(), seed: 1, at: origin)
        #expect(!line.isOpen)
        guard case .open = line.next(at: now) else {
            Issue.record("it is to be opened first")
            return
        }
        #expect(!line.isOpen)
        line.opened(at: now)
        #expect(line.isOpen)
        // This one has nothing to be told at the end.
        line.endRequested(driver: 0, at: now)
        #expect(line.drivers[0].isReleased)
        _ = line.closed(at: now)
        #expect(!line.isOpen)
    }
}
