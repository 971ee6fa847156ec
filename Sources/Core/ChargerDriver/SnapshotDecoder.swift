import ChargeModel
import DeviceProfiles

/// Turns decoded registers into the readings of a snapshot.
struct SnapshotDecoder {
    let profile: DeviceProfile
    let values: RegisterValues
    /// When each register was last read.
    let readAt: [TimePoint?]
    /// The phases of the installation that are used.
    let phases: Int

    func update(_ snapshot: inout ChargerSnapshot, found: SetpointBelief) {
        let isDrawing = snapshot.pilot.value?.isDrawing
        func number(_ quantity: MeasuredQuantity, _ element: Int = 0) -> Reading<Int> {
            self.number(quantity, element: element, isDrawing: isDrawing)
        }
        snapshot.power = number(.power).map { Watts($0) }
        snapshot.energyTotal = number(.energyTotal).map { WattHours($0) }
        snapshot.energySession = number(.energySession).map { WattHours($0) }
        snapshot.errorCode = number(.errorCode)
        snapshot.livePhases = number(.livePhases)
        snapshot.serial = text(.serial)
        snapshot.firmware = text(.firmware)
        snapshot.hardwareMaximum = hardwareMaximum
        for phase in snapshot.currents.indices {
            snapshot.currents[phase] = number(.currents, phase).map { Milliamperes($0) }
            snapshot.voltages[phase] = number(.voltages, phase).map { Millivolts($0) }
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
        let readings = readable(.hardwareMaximum).map {
            reading($0, element: 0).map { Milliamperes($0) }
        }
        let positive = readings.filter { ($0.value ?? .zero) > .zero }
        return positive.min { ($0.value ?? .zero) < ($1.value ?? .zero) }
            ?? readings.first ?? .absent(.notProvided)
    }

    // MARK: - Quantities

    /// Of several registers the first that has a value; without one, what can be computed.
    private func number(
        _ quantity: MeasuredQuantity, element: Int = 0, isDrawing: Bool?
    ) -> Reading<Int> {
        let readings = readable(quantity).filter { element < profile[$0].count }
            .map { reading($0, element: element, isDrawing: isDrawing) }
        if let reading = readings.first(where: { $0.value != nil }) { return reading }
        let derived = element == 0 ? derived(quantity, isDrawing: isDrawing) : nil
        if let derived, derived.value != nil { return derived }
        return readings.first { $0 != .absent(.notProvided) } ?? derived ?? .absent(.notProvided)
    }

    private func readable(_ quantity: MeasuredQuantity) -> [RegisterID] {
        profile.registers(measuring: quantity).filter { profile[$0].isReadable }
    }

    /// - Parameter isDrawing: Whether energy flows; nil when that is not known.
    func reading(
        _ register: RegisterID, element: Int, isDrawing: Bool? = nil
    ) -> Reading<Int> {
        guard let value = values[register, element] else { return .absent(.notYetRead) }
        if case .unavailable(let absence) = value { return .absent(absence) }
        guard let time = readAt[register.rawValue], case .number(let canonical, _) = value else {
            return .absent(.implausible)
        }
        switch (profile[register].outsideCharging, isDrawing) {
        case (.zero, false): return .captured(0, at: time)
        case (.absent, false): return .absent(.notAvailable)
        case (.asRead, _), (_, true), (_, nil): return .captured(canonical, at: time)
        }
    }

    private func text(_ quantity: MeasuredQuantity) -> Reading<String> {
        let readings = readable(quantity).map { text($0) }
        return readings.first { $0.value != nil }
            ?? readings.first { $0 != .absent(.notProvided) } ?? .absent(.notProvided)
    }

    private func text(_ register: RegisterID) -> Reading<String> {
        guard let value = values[register] else { return .absent(.notYetRead) }
        if case .unavailable(let absence) = value { return .absent(absence) }
        guard let time = readAt[register.rawValue], let text = profile[register].text(of: value)
        else { return .absent(.implausible) }
        return .captured(text, at: time)
    }
}
