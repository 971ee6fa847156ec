import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel

/// What clients, drivers, the weather and the mains do to a simulation, decided by its seed.
struct RandomWorld {
    /// How long clients and faults keep at it; afterwards everything is sound and quiet.
    var duration: Duration
    var hasFaults = true
    /// Whether wallboxes are told things by others, or take writes much later.
    var hasStrangers = true
    /// Whether clients plan ahead, and the wall clock is set meanwhile.
    var hasPlans = true

    func start(_ simulation: inout Simulation) {
        simulation.startAgent()
        for index in simulation.stations.indices {
            again(&simulation, within: 10...400) { act(&$0, index) }
            again(&simulation, within: 30...900) { drive(&$0, index) }
            if hasPlans { again(&simulation, within: 10...200) { plan(&$0, index) } }
            if hasFaults { again(&simulation, within: 60...900) { breakSomething(&$0, index) } }
        }
        if hasFaults {
            again(&simulation, within: 200...1_500) { killAgent(&$0) }
            again(&simulation, within: 200...1_500) { breakStore(&$0) }
            if hasPlans { again(&simulation, within: 200...900) { disturbClock(&$0) } }
        }
    }

    /// Does something again and again, at random times.
    private func again(
        _ simulation: inout Simulation, within seconds: ClosedRange<Int>,
        _ deed: @escaping (inout Simulation) -> Void
    ) {
        let wait = simulation.milliseconds(seconds.lowerBound * 1000...seconds.upperBound * 1000)
        simulation.after(wait) { simulation in
            guard simulation.start.duration(to: simulation.now) < duration else { return }
            deed(&simulation)
            again(&simulation, within: seconds, deed)
        }
    }

    // MARK: - Clients and drivers

    private func act(_ simulation: inout Simulation, _ index: Int) {
        switch Int.random(in: 0..<20, using: &simulation.random) {
        case 0..<9: simulation.push(.charge, to: index)
        case 9..<15: simulation.push(.idle, to: index)
        case 15..<18:
            let rate = Watts(Int.random(in: 0...25, using: &simulation.random) * 1_000)
            simulation.setMaxChargeRate(rate, of: index)
        default:
            let command: ChargeCommand = Bool.random(using: &simulation.random) ? .charge : .idle
            let failure: ActionErrorCode? =
                Bool.random(using: &simulation.random) ? .deviceRefused : nil
            let sandbox = SandboxOutcome(
                failure: failure, delay: simulation.milliseconds(0...9_000))
            simulation.push(command, to: index, sandbox: sandbox)
        }
        // Many clients change their minds at once.
        if Int.random(in: 0..<4, using: &simulation.random) == 0 {
            simulation.after(simulation.milliseconds(0...6_000)) { simulation in
                simulation.push(
                    Bool.random(using: &simulation.random) ? .charge : .idle, to: index)
            }
        }
    }

    private func drive(_ simulation: inout Simulation, _ index: Int) {
        let now = simulation.now
        guard Int.random(in: 0..<3, using: &simulation.random) > 0 else {
            simulation.stations[index].box.unplug(at: now)
            simulation.note(index, "unplugged")
            return
        }
        let vehicle = Vehicle(
            phases: Int.random(in: 1...3, using: &simulation.random),
            maximumCurrent: .amperes(Int.random(in: 6...32, using: &simulation.random)),
            battery: Bool.random(using: &simulation.random)
                ? Battery(capacity: WattHours(20_000), charge: WattHours(18_000)) : nil,
            reaction: simulation.milliseconds(500...5_000))
        simulation.stations[index].box.plug(vehicle, at: now)
        simulation.note(index, "plugged")
    }

    // MARK: - Faults

    private func breakSomething(_ simulation: inout Simulation, _ index: Int) {
        let length = simulation.milliseconds(500...60_000)
        simulation.disturb(index, for: length)
        switch Int.random(in: 0..<9, using: &simulation.random) {
        case 0, 1:
            simulation.stations[index].wire.isCut = true
            simulation.stations[index].wire.hangsOnConnect = Bool.random(using: &simulation.random)
            simulation.note(index, "link cut")
            simulation.after(length) { simulation in
                simulation.stations[index].wire.isCut = false
                simulation.note(index, "link mended")
            }
        case 2, 3:
            simulation.stations[index].wire.faultsPerThousand =
                Int.random(in: 10...400, using: &simulation.random)
            simulation.note(index, "wire faulty")
            simulation.after(length) { simulation in
                simulation.stations[index].wire.faultsPerThousand = 0
                simulation.note(index, "wire sound")
            }
        case 4:
            simulation.stations[index].box.reboot(at: simulation.now)
            simulation.note(index, "reboots")
        case 5:
            let serial = "2\(Int.random(in: 1_000_000...9_999_999, using: &simulation.random))"
            simulation.stations[index].box.replace(serial: serial, at: simulation.now)
            simulation.note(index, "replaced")
        default:
            setFaults(&simulation, index, for: length)
        }
    }

    private func setFaults(_ simulation: inout Simulation, _ index: Int, for length: Duration) {
        var faults = WallboxFaults()
        switch Int.random(in: 0..<6, using: &simulation.random) {
        case 0: faults.writes = .ignored
        case 1:
            faults.writes = .delayed(
                by: simulation.milliseconds(100...(hasStrangers ? 4_000 : 1_000)))
        case 2: faults.cableLimit = .amperes(Int.random(in: 6...20, using: &simulation.random))
        case 3 where hasStrangers:
            faults.foreignController = WallboxFaults.ForeignController(
                setpoint: .amperes(Int.random(in: 6...32, using: &simulation.random)),
                period: simulation.milliseconds(3_000...30_000))
        case 4:
            faults.exception =
                [.illegalDataAddress, .serverDeviceBusy, .serverDeviceFailure][
                    Int.random(in: 0..<3, using: &simulation.random)]
        default: faults.isSilent = true
        }
        simulation.stations[index].box.setFaults(faults, at: simulation.now)
        simulation.note(index, "faults: \(faults)")
        simulation.after(length) { simulation in
            simulation.stations[index].box.setFaults(WallboxFaults(), at: simulation.now)
            simulation.note(index, "faults over")
        }
    }

    private func killAgent(_ simulation: inout Simulation) {
        guard simulation.isAgentUp else { return }
        let down = simulation.milliseconds(100...80_000)
        for index in simulation.stations.indices { simulation.disturb(index, for: down) }
        simulation.killAgent()
        simulation.after(down) { simulation in
            simulation.checkFallenBack(after: down)
            simulation.startAgent()
        }
    }

    private func breakStore(_ simulation: inout Simulation) {
        let length = simulation.milliseconds(500...60_000)
        for index in simulation.stations.indices { simulation.disturb(index, for: length) }
        simulation.store.failure =
            Bool.random(using: &simulation.random) ? .full : .unavailable(reason: "EIO")
        simulation.after(length) { $0.store.failure = nil }
    }
}

extension Simulation {
    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &random))
    }

    /// Nothing is expected of a station for this long.
    mutating func disturb(_ index: Int, for duration: Duration) {
        let until = now.advanced(by: duration)
        stations[index].witness.disturbedUntil = max(stations[index].witness.disturbedUntil, until)
    }

    /// Requirement R3: without the agent a wallbox falls back within its timeout and a second.
    mutating func checkFallenBack(after down: Duration) {
        for index in stations.indices {
            stations[index].box.advance(to: now)
            let truth = stations[index].box.truth
            guard truth.failsafe.timeout > .zero, stations[index].profile.failsafe?.current != nil,
                down > truth.failsafe.timeout + .seconds(1)
            else { continue }
            expect(
                truth.failsafe.isActive && truth.limit <= stations[index].driver.safeCurrent, index,
                "R3: still at \(truth.limit), \(down) after the agent")
        }
    }
}
