import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

/// Energy in simulated time: a night passes in a minute, and all that answers a real wire does not.
@Suite struct EnergyScaleTests {
    private let profile: DeviceProfile
    private let options: WallboxOptions

    init() throws {
        profile = try DeviceFile.profile("reference-22kw")
        var options = WallboxOptions()
        options.energyScale = 480
        self.options = options
    }

    @Test func meterAndBatteryFillFasterAndNothingElse() {
        var bench = Bench(profile, options: options)
        var ordinary = Bench(profile)
        let vehicle = Vehicle(
            phases: 3, maximumCurrent: .amperes(16),
            battery: Battery(capacity: WattHours(500_000), charge: .zero))
        bench.plug(vehicle, at: 0)
        ordinary.plug(vehicle, at: 0)
        let start = bench.truth(at: 10)
        #expect(start.power == ordinary.truth(at: 10).power)
        #expect(start.contactorCycles == ordinary.truth(at: 10).contactorCycles)
        let after = bench.truth(at: 20)
        // Ten seconds at 11.04 kW, 480 times.
        let watts = 11_040
        let expected = watts * 10 * 480 / 3_600
        #expect(abs((after.energySession - start.energySession).rawValue - expected) <= 1)
    }

    @Test func aBatteryIsFullAsMuchSooner() {
        let vehicle = Vehicle(
            phases: 3, maximumCurrent: .amperes(16),
            battery: Battery(capacity: WattHours(11_040), charge: .zero))
        var bench = Bench(profile, options: options)
        bench.plug(vehicle, at: 0)
        // An hour's charge, and the taper that makes it longer, in well under a minute.
        #expect(bench.truth(at: 5).power == Watts(11_040))
        let full = bench.truth(at: 60)
        #expect(full.power == .zero)
        #expect(full.energySession == WattHours(11_040))
    }
}
