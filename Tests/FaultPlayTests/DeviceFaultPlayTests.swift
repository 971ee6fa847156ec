import ChargeModel
import Testing
import WallboxModel

/// R41: every fault of the wallbox, played by the simulator over a real connection to the driver.
@Suite(.timeLimit(.minutes(5))) struct DeviceFaultPlayTests {
    @Test func r41_everyFaultOfTheWallboxIsPlayed() {
        #expect(
            FaultCatalog.modes.filter { !$0.isOfTheWire }.map(\.name)
                == DeviceExpectation.table.map(\.name))
    }

    @Test(
        "R41 R08 what the driver makes of a wallbox that is broken",
        arguments: DeviceExpectation.table.map(\.name))
    func whatTheDriverMakesOfIt(_ name: String) async throws {
        let expected = try #require(DeviceExpectation.table.first { $0.name == name })
        try await DeviceSession.run(device: expected.device, isSilent: expected.isSilent) {
            session in
            #expect(session.verified == .amperes(16))
            var order = FaultOrder(name)
            expected.order(&order)
            try await session.play(order)
            let holds = try await expected.holds(&session)
            #expect(holds, "\(expected.words): \(session.snapshot), \(session.truth.limit)")
        }
    }
}
