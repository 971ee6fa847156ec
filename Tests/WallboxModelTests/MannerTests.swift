import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

/// Vehicles and wallboxes that do not do as they are told.
@Suite struct MannerTests {
    let large: DeviceProfile

    init() throws {
        large = try DeviceFile.profile("reference-22kw")
    }

    @Test func r10_aGreedyVehicleDrawsMoreThanIsOffered() {
        var bench = Bench(large)
        bench.plug(
            Vehicle(maximumCurrent: .amperes(32), manner: .greedy(excess: .amperes(3))), at: 0)
        _ = bench.limit(10, at: 1)
        let truth = bench.truth(at: 60)
        #expect(truth.offered == .amperes(10))
        #expect(truth.currents == Array(repeating: .amperes(13), count: 3))
        _ = bench.limit(0, at: 60)
        #expect(bench.truth(at: 66).power == .zero)
    }

    @Test func r10_aStuckVehicleIsStoppedByTheContactorAlone() {
        var bench = Bench(large)
        bench.plug(Vehicle(maximumCurrent: .amperes(16), manner: .stuck), at: 0)
        #expect(bench.truth(at: 60).currents[0] == .amperes(16))
        _ = bench.limit(6, at: 60)
        #expect(bench.truth(at: 90).offered == .amperes(6))
        #expect(bench.truth(at: 90).currents[0] == .amperes(16))
        _ = bench.limit(0, at: 90)
        #expect(bench.truth(at: 92.9).currents[0] == .amperes(16))
        #expect(bench.truth(at: 93).currents[0] == .zero)
        #expect(bench.truth(at: 600).pilot == .c1)
    }

    @Test func r10_withAWeldedContactorTheCurrentGoesOnAfterAStop() {
        var bench = Bench(large)
        bench.setFaults(at: 0) { $0.isContactorWelded = true }
        bench.plug(Vehicle(maximumCurrent: .amperes(16), manner: .stuck), at: 0)
        _ = bench.limit(0, at: 60)
        let truth = bench.truth(at: 600)
        #expect(truth.offered == .zero)
        #expect(truth.isContactorClosed)
        #expect(truth.currents[0] == .amperes(16))
    }

    @Test func r30_aSleepyVehicleWakesUpAtTheAppointedOffer() {
        var bench = Bench(large)
        bench.plug(Vehicle(manner: .sleepy(offers: 3)), at: 0)
        #expect(bench.truth(at: 30).pilot == .c2)
        _ = bench.limit(0, at: 30)
        for offer in 1...3 {
            let seconds = Double(offer) * 100
            _ = bench.limit(10, at: seconds)
            #expect(bench.truth(at: seconds + 50).pilot == (offer < 3 ? .b2 : .c2))
            if offer < 3 { _ = bench.limit(0, at: seconds + 50) }
        }
        #expect(bench.truth(at: 400).currents[0] == .amperes(10))
    }

    @Test func aDefectStopsChargingAndShowsItsCode() throws {
        var bench = Bench(large)
        bench.plug(at: 0)
        bench.setFaults(at: 60) { $0.defect = WallboxFaults.Defect(code: 4711) }
        let broken = bench.truth(at: 60.1)
        #expect(broken.pilot == .e)
        #expect(broken.offered == .zero)
        #expect(broken.power == .zero)
        #expect(!broken.isContactorClosed)
        let values = bench.values(at: 61)
        #expect(values.canonical("error-code", of: large) == 4711)
        #expect(large.pilotState(values) == .state(.e))
        bench.setFaults(at: 70) { $0.defect = nil }
        #expect(bench.truth(at: 90).pilot == .c2)
        #expect(bench.values(at: 90).canonical("error-code", of: large) == 0)
        bench.setFaults(at: 100) { $0.defect = WallboxFaults.Defect(isUnavailable: true) }
        #expect(large.pilotState(bench.values(at: 100)) == .state(.f))
    }

    @Test func r13_aRebootLosesWhatIsVolatileAndAnswersOnlyAfterwards() {
        var bench = Bench(large)
        bench.plug(at: 0)
        _ = bench.limit(10, at: 10)
        _ = bench.armFailsafe(.amperes(8), at: 10)
        let before = bench.truth(at: 60)
        bench.wallbox.reboot(at: Bench.instant(60))
        #expect(bench.truth(at: 60).offered == .zero)
        #expect(bench.respond(large.readPlan[0].operation, at: 64.9) == .silence)
        let after = bench.truth(at: 65)
        #expect(!after.isBooting)
        #expect(after.setpoint == .amperes(32))
        #expect(after.failsafe.timeout == .zero)
        #expect(after.failsafe.current == .amperes(6))
        #expect(after.uptime == .seconds(5))
        #expect(after.energySession == .zero)
        #expect(after.energy >= before.energy)
        #expect(bench.values(at: 66).canonical("uptime", of: large) == 6000)
    }

    @Test func r13_anotherWallboxHasAnotherSerialNumber() throws {
        var bench = Bench(large)
        let serial = try #require(large.register(named: "serial"))
        #expect(bench.values(at: 1)[serial] == .text("10000001"))
        bench.wallbox.replace(serial: "10000002", at: Bench.instant(2))
        #expect(bench.values(at: 10)[serial] == .text("10000002"))
    }
}
