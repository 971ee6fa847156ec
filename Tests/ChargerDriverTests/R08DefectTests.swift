import ChargeModel
import ChargerDriver
import Testing
import WallboxModel

/// A defect of a wallbox of which only the pilot tells whether it is on: it tells nothing meanwhile.
@Suite struct R08DefectTests {
    private func defective(_ bench: inout DriverBench, _ defect: WallboxFaults.Defect?) {
        var faults = WallboxFaults()
        faults.defect = defect
        bench.box.setFaults(faults, at: bench.now)
    }

    private func bench() throws -> DriverBench {
        var bench = try DriverBench(device: "keba-p30", safe: .amperes(6))
        bench.box.plug(Vehicle(phases: 3, maximumCurrent: .amperes(32)), at: bench.now)
        return bench
    }

    @Test(arguments: [false, true])
    func r08_aReductionIsWrittenWhileItLasts(isUnavailable: Bool) throws {
        var bench = try bench()
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.amperes(10))
        bench.run(for: .seconds(30))
        try #require(bench.truth.limit == .amperes(10))
        defective(&bench, WallboxFaults.Defect(isUnavailable: isUnavailable))
        bench.run(for: .seconds(20))
        let since = bench.elapsed
        bench.aim(.amperes(7))
        bench.run(for: .seconds(2))
        #expect(bench.written("setpoint", since: since).map(\.value) == [7_000])
        defective(&bench, nil)
        bench.run(for: .milliseconds(100))
        #expect(bench.truth.limit == .amperes(7), "also once it is over")
    }

    @Test(arguments: [false, true])
    func r12_whatIsMetWithADefectIsSwitchedOff(isUnavailable: Bool) throws {
        var bench = try bench()
        defective(&bench, WallboxFaults.Defect(isUnavailable: isUnavailable))
        bench.open()
        bench.run(for: .seconds(3))
        bench.aim(.zero)
        bench.run(for: .seconds(5))
        #expect(bench.written("enable").map(\.value) == [0])
        defective(&bench, nil)
        bench.run(for: .milliseconds(100))
        #expect(bench.truth.limit == .zero)
    }
}
