import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing
import WallboxModel

/// What wears out is used sparingly, and never at the cost of a stop (requirement R11).
@Suite struct R11WearTests {
    /// A wish that flaps at random for a day, as of a schedule that is rewritten all the time.
    @Test(arguments: [1, 2] as [UInt64])
    func r11_aDayOfAWishThatFlapsWearsTheContactorWithinItsBounds(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var bench = try DriverBench(device: "reference-7kw", poll: .seconds(5))
        bench.open()
        bench.run(for: .seconds(6))
        bench.aim(.zero)
        bench.run(for: .seconds(6))
        bench.box.plug(Vehicle(phases: 1, maximumCurrent: .amperes(16)), at: bench.now)
        let longest = seed == 1 ? 60 : 600
        while bench.elapsed < .seconds(86_400) {
            bench.aim(.amperes(10), isRequested: false)
            bench.run(for: .seconds(Int.random(in: 2...longest, using: &random)))
            bench.aim(.zero, isRequested: false)
            bench.run(for: .milliseconds(100))
            #expect(bench.truth.limit == .zero, "a stop never waits, seed \(seed)")
            bench.run(for: .seconds(Int.random(in: 2...longest, using: &random)))
        }
        let toggles = bench.toggles
        for (before, after) in zip(toggles, toggles.dropFirst()) where after.isOn {
            #expect(after.at - before.at >= .seconds(180), "seed \(seed)")
        }
        for (first, eleventh) in zip(toggles, toggles.dropFirst(10)) {
            #expect(eleventh.at - first.at >= .seconds(3_600), "seed \(seed)")
        }
        // Five starts an hour, and it makes use of them.
        #expect(bench.truth.contactorCycles <= 24 * 5 + 1, "seed \(seed)")
        #expect(bench.truth.contactorCycles >= 24 * 3, "seed \(seed)")
    }

    @Test func r11_aStartThatSomebodyWaitsForGoesAtOnce() throws {
        var bench = try DriverBench(device: "reference-7kw")
        bench.open()
        bench.run(for: .seconds(3))
        bench.box.plug(Vehicle(phases: 1, maximumCurrent: .amperes(16)), at: bench.now)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(30))
        bench.aim(.zero)
        bench.run(for: .seconds(30))
        bench.aim(.amperes(10), isRequested: false)
        bench.run(for: .seconds(30))
        #expect(bench.truth.limit == .zero)
        guard case .held(_, let until) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        #expect(until > bench.now)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(10))
        #expect(bench.truth.limit == .amperes(10))
    }

    @Test func r11_flashMemoryHasABudgetThatStopsAndReductionsMayExceed() throws {
        let profile = try StepProfile.profile(
            registers: [
                "kept: { at: 44, type: u16, scale: 0.1, unit: A, read: no, write: single, persistence: retentive, writes-per-day: 5 }"
            ],
            control: ["limit: [ setpoint = limit, kept = limit ]"])
        var (bench, _) = DriverBench.onBank(profile)
        bench.open()
        bench.run(for: .seconds(2))
        for round in 0..<20 {
            bench.aim(.amperes(8 + round))
            bench.run(for: .seconds(20))
        }
        #expect(bench.written("kept").count == 5)
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("WRITES_HELD_BACK"))
        bench.aim(.amperes(6))
        bench.run(for: .seconds(10))
        #expect(bench.written("kept").last?.value == 6_000, "a reduction never waits")
    }

    @Test func r11_aFailsafeInFlashMemoryRisesSeldomAndFallsAtOnce() throws {
        let profile = try StepProfile.profile(
            registers: [
                "fallback: { at: 44, type: u16, scale: 0.1, unit: A, write: single, persistence: retentive, writes-per-day: 4 }"
            ],
            failsafe: ["direction: down", "current: fallback", "timeout: 60s", "accepts-zero: yes"])
        var (bench, bank) = DriverBench.onBank(profile)
        bench.open()
        for round in 0..<20 {
            bench.aim(round.isMultiple(of: 2) ? .zero : .amperes(10))
            bench.run(for: .seconds(20))
        }
        let values = bench.written("fallback").map(\.value)
        #expect(values.filter { $0 > 0 }.count <= 4, "\(values)")
        #expect(bank[44] == 0, "lower than it may be, and not higher")
        #expect(bench.driver.snapshot.conditions.map(\.code).contains("WRITES_HELD_BACK"))
    }
}

extension DriverBench {
    /// When the setpoint came from 0 or went to it.
    fileprivate var toggles: [(at: Duration, isOn: Bool)] {
        var toggles: [(at: Duration, isOn: Bool)] = []
        for write in written("setpoint") where (write.value > 0) != (toggles.last?.isOn ?? false) {
            toggles.append((write.at, write.value > 0))
        }
        return toggles
    }
}
