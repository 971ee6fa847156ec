import ChargeControl
import ChargeModel
import Testing

@Suite struct ViewTests {
    private func bench(_ pilot: PilotState, wants: ChargeCommand?, power: Watts = .zero)
        -> ControlBench
    {
        var bench = ControlBench()
        bench.wait(.seconds(1))
        bench.poll(pilot, setpoint: .amperes(16)) { snapshot, now in
            snapshot.power = .captured(power, at: now)
        }
        if let wants {
            bench.push(wants)
            bench.obey()
        }
        return bench
    }

    struct Row: Sendable {
        var pilot: PilotState
        var charge: ChargerStatus
        var idle: ChargerStatus
    }

    @Test(arguments: [
        Row(pilot: .a, charge: .available, idle: .available),
        Row(pilot: .b1, charge: .preparing, idle: .suspendedEVSE),
        Row(pilot: .b2, charge: .preparing, idle: .suspendedEVSE),
        Row(pilot: .c1, charge: .preparing, idle: .suspendedEVSE),
        Row(pilot: .c2, charge: .charging, idle: .finishing),
        Row(pilot: .d1, charge: .preparing, idle: .suspendedEVSE),
        Row(pilot: .d2, charge: .charging, idle: .finishing),
        Row(pilot: .e, charge: .faulted, idle: .faulted),
        Row(pilot: .f, charge: .unavailable, idle: .unavailable),
    ])
    func everyPilotStateHasItsStatus(row: Row) {
        let power = Watts(row.pilot.isDrawing ? 3_000 : 0)
        #expect(bench(row.pilot, wants: .charge, power: power).engine.view.status == row.charge)
        #expect(bench(row.pilot, wants: .idle, power: power).engine.view.status == row.idle)
    }

    @Test func aVehicleThatHasChargedAndStopsSuspends() {
        var bench = bench(.c2, wants: .charge, power: Watts(3_000))
        bench.poll(.b2) { snapshot, now in snapshot.power = .captured(.zero, at: now) }
        #expect(bench.engine.view.status == .suspendedEV)
        bench.poll(.c2) { snapshot, now in snapshot.power = .captured(.zero, at: now) }
        #expect(bench.engine.view.status == .suspendedEV)
        // The next vehicle begins anew.
        bench.poll(.a)
        bench.poll(.b2)
        #expect(bench.engine.view.status == .preparing)
    }

    @Test func r26_whatIsNotFreshIsUnavailableAndAnnounced() {
        var bench = bench(.c2, wants: .charge, power: Watts(3_000))
        #expect(bench.engine.view.status(at: bench.now.monotonic) == .charging)
        bench.wait(.milliseconds(10_001))
        #expect(bench.engine.view.status(at: bench.now.monotonic) == .unavailable)
        let before = bench.effects.count
        bench.tick()
        let states = bench.effects[before...].filter {
            if case .announce(.state) = $0 { true } else { false }
        }
        #expect(states.count == 1)
    }

    @Test func heldAtTheSafeCurrentIsFaulted() {
        var bench = bench(.c2, wants: .charge, power: Watts(3_000))
        bench.poll { snapshot, _ in snapshot.conditions = [.writesNotApplied] }
        #expect(bench.engine.view.status == .faulted)
        #expect(bench.target?.limit == .amperes(6))
        #expect(bench.engine.view.decision.winner == .fault)
    }

    @Test func unknownIsNotZero() {
        var bench = ControlBench()
        bench.tick()
        let view = bench.engine.view
        #expect(view.isCharging == nil && view.power == nil)
        #expect(view.status == .unavailable)
    }

    @Test func thePowerRateLimitIsTheProductOrWhatIsRated() {
        let single = ControlBench(installation: .amperes(32)).engine.view
        #expect(single.powerRateLimit == Watts(7_360))
        let triple = ControlBench(phases: 3, installation: .amperes(32), rated: Watts(22_000))
        #expect(triple.engine.view.powerRateLimit == Watts(22_000))
        let unrated = ControlBench(phases: 3, installation: .amperes(32))
        #expect(unrated.engine.view.powerRateLimit == Watts(22_080))
        let limited = ControlBench(phases: 3, installation: .amperes(16), rated: Watts(22_000))
        #expect(limited.engine.view.powerRateLimit == Watts(11_040))
    }

    @Test func theSettingCutsThePowerRateLimitAndNotTheUncappedPower() {
        var bench = ControlBench(installation: .amperes(32))
        bench.settings(Watts(3_000))
        #expect(bench.engine.view.powerRateLimit == Watts(3_000))
        #expect(bench.engine.view.uncappedPower == Watts(7_360))
        bench.settings(Watts(50_000))
        #expect(bench.engine.view.powerRateLimit == Watts(7_360))
    }

    @Test func withoutAMeterThePowerIsEstimatedAndFlagged() {
        var bench = ControlBench(phases: 3)
        bench.wait(.seconds(1))
        bench.poll(.c2, setpoint: .amperes(16)) { snapshot, now in
            snapshot.power = .absent(.notProvided)
            snapshot.currents = Array(repeating: .captured(.amperes(10), at: now), count: 3)
        }
        #expect(bench.engine.view.power == Watts(6_900))
        #expect(bench.engine.view.isPowerEstimated)
        bench.poll(.b2) { snapshot, now in
            snapshot.currents = Array(repeating: .captured(.zero, at: now), count: 3)
        }
        #expect(bench.engine.view.power == .zero)
        #expect(!bench.engine.view.isPowerEstimated)
        bench.poll(.c2) { snapshot, _ in snapshot.currents[1] = .absent(.refused) }
        #expect(bench.engine.view.power == nil)
        #expect(bench.engine.view.isCharging == true)
    }

    @Test func aPowerBecomesAmperesByThePhasesInUse() {
        var bench = ControlBench(phases: 3, installation: .amperes(32))
        bench.settings(Watts(11_000))
        bench.wait(.seconds(1))
        bench.poll(.b1, setpoint: .zero)
        bench.push(.charge)
        #expect(bench.target?.limit == Milliamperes(15_900))
        bench.obey(.c2)
        for _ in 0..<62 {
            bench.wait(.seconds(1))
            bench.poll(.c2) { snapshot, now in
                let used: [Milliamperes] = [.amperes(15), .zero, .zero]
                snapshot.currents = used.map { .captured($0, at: now) }
            }
        }
        #expect(bench.target?.limit == .amperes(32))
        bench.poll(.c2) { snapshot, now in
            snapshot.currents = Array(repeating: .captured(.amperes(15), at: now), count: 3)
        }
        #expect(bench.target?.limit == Milliamperes(15_900))
    }
}
