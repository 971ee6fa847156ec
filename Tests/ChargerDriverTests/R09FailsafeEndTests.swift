import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing
import WallboxModel

/// A sign of life that ends a failsafe brings back what was set before: that is an increase as well.
@Suite struct R09FailsafeEndTests {
    static let devices = ["vestel-evc04", "webasto-unite", "webasto-next", "reference-22kw"]

    /// When the limit in force rose, and to what.
    private func rises(
        _ bench: inout DriverBench, for duration: Duration
    ) -> [(at: Duration, to: Milliamperes)] {
        var rises: [(at: Duration, to: Milliamperes)] = []
        let end = bench.elapsed + duration
        while bench.elapsed < end {
            let before = bench.truth.limit
            bench.run(for: .milliseconds(5))
            let after = bench.truth.limit
            if after > before { rises.append((bench.elapsed, after)) }
        }
        return rises
    }

    /// Set to 10 A, left alone until it has fallen back.
    private func fallenBack(_ device: String) throws -> DriverBench {
        var bench = try DriverBench(device: device)
        bench.box.plug(Vehicle(phases: 3, maximumCurrent: .amperes(32)), at: bench.now)
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(40))
        try #require(bench.truth.limit == .amperes(10))
        bench.lose()
        bench.run(for: .seconds(120))
        try #require(bench.truth.failsafe.isActive)
        try #require(bench.truth.limit == .amperes(6))
        return bench
    }

    @Test(arguments: devices)
    func r09_theNextIncreaseWaitsForFiveSeconds(device: String) throws {
        var bench = try fallenBack(device)
        bench.aim(.amperes(16))
        bench.open()
        let rises = rises(&bench, for: .seconds(30))
        #expect(bench.truth.limit == .amperes(16))
        for (first, second) in zip(rises, rises.dropFirst()) {
            #expect(second.at - first.at >= .milliseconds(4_990), "\(rises)")
        }
    }

    /// What stands in the register is found; that it is more than what is in force is no reason to
    /// bring it back.
    @Test(arguments: devices)
    func r12_nothingRisesThatNobodyWants(device: String) throws {
        var bench = try fallenBack(device)
        bench.aim(.amperes(10), allowsIncrease: false)
        bench.open()
        #expect(rises(&bench, for: .seconds(60)).isEmpty)
        #expect(bench.truth.limit == .amperes(6))
        #expect(!bench.truth.failsafe.isActive, "it has been talked to")
    }

    /// A start that nobody waits for is held back; what the wallbox has fallen to rises with the goal.
    @Test func r09_aFailsafeThatRisesWhileItHoldsIsAnIncrease() throws {
        var bench = try DriverBench(device: "keba-p40", safe: .amperes(8))
        bench.box.plug(Vehicle(phases: 3, maximumCurrent: .amperes(32)), at: bench.now)
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(30))
        bench.aim(.zero)
        bench.run(for: .seconds(20))
        bench.lose()
        bench.run(for: .seconds(60))
        try #require(bench.truth.failsafe.isActive)
        try #require(bench.truth.limit == .zero)
        bench.open()
        bench.run(for: .seconds(30))
        bench.aim(.amperes(10), isRequested: false)
        let rises = rises(&bench, for: .seconds(300))
        #expect(bench.truth.limit == .amperes(10))
        for (first, second) in zip(rises, rises.dropFirst()) {
            #expect(second.at - first.at >= .milliseconds(4_990), "\(rises)")
        }
    }

    /// As right after the start of the agent.
    @Test(arguments: devices)
    func r12_nothingRisesBeforeThereIsATarget(device: String) throws {
        var bench = try fallenBack(device)
        bench.target = nil
        _ = bench.driver.targetChanged(nil, at: bench.time)
        bench.open()
        #expect(rises(&bench, for: .seconds(30)).isEmpty)
        bench.aim(.amperes(10))
        _ = rises(&bench, for: .seconds(20))
        #expect(bench.truth.limit == .amperes(10))
    }
}
