import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// What a charger is said to draw is what its meter shows, not what its pilot state suggests.
struct EnergyFlowTests {
    private static let now = TimePoint(
        monotonic: MonotonicInstant(nanoseconds: 1_000_000_000),
        wall: WallInstant(milliseconds: 1_780_000_000_000), isWallTrusted: true)

    private func view(_ pilot: PilotState, power: Int, intent: ChargeIntent) -> ChargerView {
        let description = ChargerDescription(
            id: ChargerID("device_1"), vendor: "v", model: "m", user: nil, isSimulated: true,
            profile: "p",
            phases: 1, effectivePoll: .seconds(1))
        var engine = ControlEngine(
            configuration: ControlConfiguration(
                description: description, installationMaximum: .amperes(32),
                safeCurrent: .amperes(6), minimum: .amperes(6), profileMaximum: .amperes(32),
                step: Milliamperes(100), ratedPower: nil),
            restored: RestoredCharger(charger: ChargerID("device_1"), intent: intent),
            zones: TestZoneDirectory(), at: Self.now)
        var snapshot = ChargerSnapshot(phases: 1)
        snapshot.link = .up
        snapshot.lastPoll = Self.now
        snapshot.pilot = .captured(pilot, at: Self.now)
        snapshot.power = .captured(Watts(power), at: Self.now)
        snapshot.setpoint = .captured(.zero, at: Self.now)
        _ = engine.snapshotTaken(snapshot, at: Self.now)
        return engine.view
    }

    @Test(arguments: [PilotState.c2, .c1, .b1, .b2])
    func aStopIsFinishingWhileEnergyStillFlows(pilot: PilotState) {
        let view = view(pilot, power: 7_000, intent: .idle)
        #expect(view.status == .finishing)
        #expect(view.isCharging == true)
        #expect(view.power == Watts(7_000))
    }

    @Test func aStopIsDoneWhenNothingFlows() {
        let view = view(.c1, power: 0, intent: .idle)
        #expect(view.status == .suspendedEVSE)
        #expect(view.isCharging == false)
        #expect(view.power == .zero)
    }

    @Test(arguments: [(230, false), (231, true)])
    func theNoiseOfAMeterIsNoCharging(power: Int, isCharging: Bool) {
        let view = view(.b1, power: power, intent: .idle)
        #expect(view.isCharging == isCharging)
        #expect(view.power == Watts(isCharging ? power : 0))
    }

    @Test func aStateThatLagsBehindTheMeterIsCharging() {
        #expect(view(.b2, power: 7_000, intent: .charge).status == .charging)
        #expect(view(.a, power: 7_000, intent: .charge).status == .available)
    }
}
