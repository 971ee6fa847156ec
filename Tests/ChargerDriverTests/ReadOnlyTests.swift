import ChargeModel
import ChargerDriver
import Testing
import WallboxModel

/// A driver that only tells what it would write.
@Suite struct ReadOnlyTests {
    static let devices = ["reference-7kw", "reference-22kw", "alfen-eve", "keba-p30"]

    private func bench(_ device: String) throws -> DriverBench {
        var options = WallboxOptions()
        options.factorySetpoint = .amperes(10)
        return DriverBench(try DriverBench.profile(device), options: options, isReadOnly: true)
    }

    @Test(arguments: devices)
    func nothingIsWrittenWhateverHappens(_ device: String) throws {
        var bench = try bench(device)
        bench.box.plug(Vehicle(phases: 3, maximumCurrent: .amperes(32)), at: bench.now)
        bench.open()
        bench.run(for: .seconds(30))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(60))
        bench.aim(.zero)
        bench.run(for: .seconds(60))
        bench.box.reboot(at: bench.now)
        bench.lose()
        bench.run(for: .seconds(10))
        bench.open()
        bench.run(for: .seconds(30))
        // The lease ends, too.
        bench.isControlled = false
        bench.run(for: .seconds(60))
        #expect(bench.writes.isEmpty)
        #expect(bench.reads > 100)
        #expect(bench.truth.writeCounts.allSatisfy { $0 == 0 })
    }

    @Test func whatWouldBeWrittenIsTold() throws {
        var bench = try bench("reference-22kw")
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(16))
        bench.run(for: .seconds(3))
        #expect(bench.application == .withheld(revision: 1, write: "limit to 16 A"))
        bench.aim(.zero)
        bench.run(for: .seconds(3))
        #expect(bench.application == .withheld(revision: 2, write: "idle"))
    }

    @Test func aWallboxThatDoesAlreadyWhatIsWantedIsVerified() throws {
        var bench = try bench("reference-7kw")
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(3))
        guard case .verified(1, .amperes(10), _) = bench.application else {
            Issue.record("\(bench.application)")
            return
        }
        bench.aim(.amperes(16))
        bench.run(for: .seconds(3))
        #expect(bench.application == .withheld(revision: 2, write: "limit to 16 A"))
    }
}
