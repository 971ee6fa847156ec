import ChargeModel
import DeviceProfiles

/// Turns decoded registers into the readings of a snapshot.
struct SnapshotDecoder {
    let facts: ProfileFacts
    let values: RegisterValues
    /// When each register was last read.
    let readAt: [TimePoint?]
    /// The phases of the installation that are used.
    let phases: Int

    func update(
        _ snapshot: inout ChargerSnapshot, found: SetpointBelief, energy: inout EnergySources
    ) {
        let isDrawing = snapshot.pilot.value?.isDrawing
        func number(_ quantity: MeasuredQuantity, _ element: Int = 0) -> Reading<Int> {
            self.number(quantity, element: element, isDrawing: isDrawing)
        }
        snapshot.power = number(.power).map { Watts($0) }
        snapshot.energyTotal = meter(.energyTotal, &energy.total, isDrawing)
        snapshot.energySession = meter(.energySession, &energy.session, isDrawing)
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
        var oldest: TimePoint?
        for input in facts.stateInputs {
            guard let time = readAt[input.rawValue] else { continue }
            if oldest.map({ time.monotonic < $0.monotonic }) ?? true { oldest = time }
        }
        guard let oldest else { return .absent(.notYetRead) }
        switch facts.profile.pilotState(values) {
        case .state(let state): return .captured(state, at: oldest)
        case .absent(let absence): return .absent(absence)
        }
    }

    private func setpoint(
        _ found: SetpointBelief, pilot: Reading<PilotState>
    ) -> Reading<Milliamperes> {
        let source =
            facts.profile.control.readBack.flatMap { readAt[$0.rawValue] } ?? pilot.capturedAt
        guard let time = source else { return .absent(.notYetRead) }
        if found.isOn == false { return .captured(.zero, at: time) }
        if let limit = found.limit { return .captured(limit, at: time) }
        guard let readBack = facts.profile.control.readBack else { return .absent(.writeOnly) }
        if case .unavailable(let reason)? = values[readBack] { return .absent(reason) }
        return .absent(.notAvailable)
    }

    /// Watts may all flow on one phase.
    private var failsafeCurrent: Reading<Milliamperes> {
        guard let register = facts.profile.failsafe?.currentReadBack else {
            return .absent(.notProvided)
        }
        return reading(register, element: 0).map { shown in
            switch facts.profile.control.domain {
            case .current: Milliamperes(shown)
            case .power: Milliamperes(Watts(shown), phases: 1)
            }
        }
    }

    private var hardwareMaximum: Reading<Milliamperes> {
        var first: Reading<Milliamperes>?
        var least: Reading<Milliamperes>?
        for register in facts.readable(.hardwareMaximum) {
            let reading = reading(register, element: 0).map { Milliamperes($0) }
            first = first ?? reading
            guard let value = reading.value, value > .zero else { continue }
            if let known = least?.value, known <= value { continue }
            least = reading
        }
        return least ?? first ?? .absent(.notProvided)
    }

    // MARK: - Quantities

    /// Of several registers the first that has a value; without one, what can be computed.
    private func number(
        _ quantity: MeasuredQuantity, element: Int = 0, isDrawing: Bool?
    ) -> Reading<Int> {
        var absent: Reading<Int>?
        for register in facts.readable(quantity) where element < facts.counts[register.rawValue] {
            let reading = reading(register, element: element, isDrawing: isDrawing)
            if reading.value != nil { return reading }
            if absent == nil, reading != .absent(.notProvided) { absent = reading }
        }
        let derived = element == 0 ? derived(quantity, isDrawing: isDrawing) : nil
        if let derived, derived.value != nil { return derived }
        return absent ?? derived ?? .absent(.notProvided)
    }

    /// What counts energy is asked for as long as it is the same device: another meter stands elsewhere,
    /// and what goes back is worse than nothing. So while it tells nothing there is no energy, for the
    /// reason that it has; if that lasts, until the device is another one or the agent starts anew.
    private func meter(
        _ quantity: MeasuredQuantity, _ source: inout EnergySources.Source?, _ isDrawing: Bool?
    ) -> Reading<WattHours> {
        let counted: Reading<Int>
        switch source {
        case .register(let register):
            counted = reading(register, element: 0, isDrawing: isDrawing)
        case .formula:
            counted = derived(quantity, isDrawing: isDrawing) ?? .absent(.notProvided)
        case nil:
            let told = facts.readable(quantity).first {
                reading($0, element: 0, isDrawing: isDrawing).value != nil
            }
            counted = number(quantity, isDrawing: isDrawing)
            if counted.value != nil { source = told.map { .register($0) } ?? .formula }
        }
        return counted.map { WattHours($0) }
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
        switch (facts.outsideCharging[register.rawValue], isDrawing) {
        case (.zero, false): return .captured(0, at: time)
        case (.absent, false): return .absent(.notAvailable)
        case (.asRead, _), (_, true), (_, nil): return .captured(canonical, at: time)
        }
    }

    private func text(_ quantity: MeasuredQuantity) -> Reading<String> {
        var absent: Reading<String>?
        for register in facts.readable(quantity) {
            let reading = text(register)
            if reading.value != nil { return reading }
            if absent == nil, reading != .absent(.notProvided) { absent = reading }
        }
        return absent ?? .absent(.notProvided)
    }

    private func text(_ register: RegisterID) -> Reading<String> {
        guard let value = values[register] else { return .absent(.notYetRead) }
        if case .unavailable(let absence) = value { return .absent(absence) }
        guard let time = readAt[register.rawValue],
            let text = facts.profile.text(of: value, in: register)
        else { return .absent(.implausible) }
        return .captured(text, at: time)
    }
}

/// What has counted energy of this device, once anything has.
struct EnergySources: Hashable, Codable, Sendable {
    var total: Source?
    var session: Source?

    enum Source: Hashable, Codable, Sendable {
        case register(RegisterID)
        /// What the profile computes.
        case formula
    }
}
