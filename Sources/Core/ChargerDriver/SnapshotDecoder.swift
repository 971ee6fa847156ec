import ChargeModel
import DeviceProfiles

/// Turns decoded registers into the readings of a snapshot.
struct SnapshotDecoder {
    let profile: DeviceProfile
    let values: RegisterValues
    /// When each register was last read.
    let readAt: [TimePoint?]

    func update(_ snapshot: inout ChargerSnapshot, found: SetpointBelief) {
        snapshot.power = number(.power).map { Watts($0) }
        snapshot.energyTotal = number(.energyTotal).map { WattHours($0) }
        snapshot.energySession = number(.energySession).map { WattHours($0) }
        snapshot.errorCode = number(.errorCode)
        snapshot.serial = text(.serial)
        snapshot.firmware = text(.firmware)
        snapshot.hardwareMaximum = hardwareMaximum
        for phase in snapshot.currents.indices {
            snapshot.currents[phase] = number(.currents, element: phase).map { Milliamperes($0) }
            snapshot.voltages[phase] = number(.voltages, element: phase).map { Millivolts($0) }
        }
        snapshot.setpoint = setpoint(found, pilot: snapshot.pilot)
        snapshot.failsafeCurrent = failsafeCurrent
    }

    var pilot: Reading<PilotState> {
        let inputs = profile.stateRules.flatMap(\.conditions).map(\.register)
        let times = inputs.compactMap { readAt[$0.rawValue] }
        guard let oldest = times.min(by: { $0.monotonic < $1.monotonic }) else {
            return .absent(.notYetRead)
        }
        switch profile.pilotState(values) {
        case .state(let state): return .captured(state, at: oldest)
        case .absent(let absence): return .absent(absence)
        }
    }

    private func setpoint(
        _ found: SetpointBelief, pilot: Reading<PilotState>
    ) -> Reading<Milliamperes> {
        let source = profile.control.readBack.flatMap { readAt[$0.rawValue] } ?? pilot.capturedAt
        guard let time = source else { return .absent(.notYetRead) }
        if found.isOn == false { return .captured(.zero, at: time) }
        if let limit = found.limit { return .captured(limit, at: time) }
        return .absent(profile.control.readBack == nil ? .writeOnly : .notAvailable)
    }

    /// Watts may all flow on one phase.
    private var failsafeCurrent: Reading<Milliamperes> {
        guard let register = profile.failsafe?.currentReadBack else { return .absent(.notProvided) }
        return reading(register, element: 0).map { shown in
            switch profile.control.domain {
            case .current: Milliamperes(shown)
            case .power: Milliamperes(Watts(shown), phases: 1)
            }
        }
    }

    private var hardwareMaximum: Reading<Milliamperes> {
        let readings = profile.registers(measuring: .hardwareMaximum).map {
            reading($0, element: 0).map { Milliamperes($0) }
        }
        let positive = readings.filter { ($0.value ?? .zero) > .zero }
        return positive.min { ($0.value ?? .zero) < ($1.value ?? .zero) }
            ?? readings.first ?? .absent(.notProvided)
    }

    private func number(_ quantity: MeasuredQuantity, element: Int = 0) -> Reading<Int> {
        let readable = profile.registers(measuring: quantity).filter { profile[$0].isReadable }
        guard let register = readable.first, element < profile[register].count else {
            return .absent(.notProvided)
        }
        return reading(register, element: element)
    }

    private func reading(_ register: RegisterID, element: Int) -> Reading<Int> {
        guard let value = values[register, element], let time = readAt[register.rawValue] else {
            return .absent(.notYetRead)
        }
        switch value {
        case .number(let canonical, _): return .captured(canonical, at: time)
        case .text: return .absent(.implausible)
        case .unavailable(let absence): return .absent(absence)
        }
    }

    private func text(_ quantity: MeasuredQuantity) -> Reading<String> {
        guard let register = profile.registers(measuring: quantity).first else {
            return .absent(.notProvided)
        }
        guard let value = values[register], let time = readAt[register.rawValue] else {
            return .absent(.notYetRead)
        }
        switch value {
        case .number(let canonical, _): return .captured("\(canonical)", at: time)
        case .text(let text): return .captured(text, at: time)
        case .unavailable(let absence): return .absent(absence)
        }
    }
}
