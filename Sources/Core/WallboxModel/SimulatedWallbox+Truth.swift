import ChargeModel
import DeviceProfiles

extension SimulatedWallbox {
    /// What it physically is and does, up to ``now``.
    package var truth: WallboxTruth {
        let phases = 0..<profile.electrical.phases
        let voltages = options.voltage.voltages(at: now)
        return WallboxTruth(
            instant: now, pilot: pilotState, isContactorClosed: contactor.isClosed,
            contactorCycles: contactor.cycles, setpoint: setpoint, setpointPower: setpointPower,
            phases: relay.phases, phaseSwitchesUnderLoad: phaseSwitchesUnderLoad,
            isEnabled: isEnabled, limit: limit, offered: pilot.offered,
            currents: phases.map { Milliamperes(load.current(ofPhase: $0, voltages)) },
            voltages: phases.map { Millivolts(voltages[$0]) }, power: power, energy: energy,
            energyTotal: energy.wattHours, energySession: (energy - sessionStart).wattHours,
            vehicle: vehicleTruth,
            failsafe: FailsafeTruth(
                isActive: watch.isActive, isArmed: watch.isArmed,
                current: current(ofSetpoint: watch.current), timeout: watch.timeout,
                lastContact: watch.lastContact, deadline: watch.deadline,
                activations: watch.activations),
            serial: serial, uptime: startedAt.duration(to: now), isBooting: bootedAt != nil,
            writeCounts: writeCounts, deniedWrites: deniedWrites)
    }

    /// How often the contactor has closed.
    package var contactorCycles: Int { contactor.cycles }

    /// How often the failsafe has fallen back.
    package var activations: Int { watch.activations }

    private var vehicleTruth: VehicleTruth? {
        vehicle.map { plugged in
            VehicleTruth(
                vehicle: plugged.vehicle, isAsking: plugged.isAsking, isFull: plugged.isFull,
                charge: plugged.vehicle.battery.map { _ in plugged.charge.wattHours },
                percent: plugged.percent)
        }
    }

    /// The state of the control pilot.
    package var pilotState: PilotState {
        if let defect = faults.defect { return defect.isUnavailable ? .f : .e }
        guard let vehicle else { return .a }
        switch (vehicle.isAsking, pilot.offered > .zero) {
        case (false, false): return .b1
        case (false, true): return .b2
        case (true, false): return .c1
        case (true, true): return .c2
        }
    }

    private var setpointPower: Watts? {
        guard case .power = profile.control.domain else { return nil }
        return Watts(leastSetpoint)
    }

    var power: Watts { load.power }
}

extension PerPhase {
    /// The power of all phases together, from microwatts to the nearest watt.
    var power: Watts { Watts((sum + 500_000) / 1_000_000) }

    /// Milliamperes of one phase, from microwatts and millivolts, rounded down.
    func current(ofPhase phase: Int, _ voltages: PerPhase) -> Int {
        guard voltages[phase] > 0 else { return 0 }
        return self[phase] / voltages[phase]
    }
}
