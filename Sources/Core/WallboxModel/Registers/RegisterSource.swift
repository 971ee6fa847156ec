import ChargeModel
import DeviceProfiles

/// What a register shows.
enum RegisterSource: Hashable, Sendable {
    /// The limit as it was last written.
    case setpoint
    /// The limit that the wallbox goes by.
    case limit
    /// An on/off register, by its place in ``ControlMap/switches``.
    case enable(Int)
    /// Whether charging is allowed, in raw values.
    case isEnabled(on: UInt64, off: UInt64)
    /// What the state rules of the profile ask for, by the place in the face of a state.
    case face(Int)
    case quantity(MeasuredQuantity)
    /// What was written to it, or what the factory put there.
    case memory

    /// The sources of all registers of a profile.
    static func all(_ profile: DeviceProfile, _ controls: ControlMap) -> [RegisterSource] {
        let stateRegisters = profile.stateRegisters
        return profile.registers.indices.map { index in
            let id = RegisterID(index)
            switch controls.role(of: id) {
            case .setpoint: return .setpoint
            case .enable(let place): return .enable(place)
            case .failsafeCurrent: return .quantity(.failsafeCurrent)
            case .failsafeTimeout: return .quantity(.failsafeTimeout)
            case .memory: break
            }
            if profile.control.readBack == id { return .limit }
            let face = stateRegisters.firstIndex(of: id).map { RegisterSource.face($0) }
            if let quantity = profile.quantity(shownBy: id) {
                return quantity == .errorCode ? face ?? .quantity(.errorCode) : .quantity(quantity)
            }
            if let face { return face }
            if case .register(id, let on, let off) = profile.control.enabled,
                let on = on.first, let off = off.first
            {
                return .isEnabled(on: on, off: off)
            }
            return .memory
        }
    }
}

extension DeviceProfile {
    /// What a register measures, also where only its part in the supervision tells.
    fileprivate func quantity(shownBy id: RegisterID) -> MeasuredQuantity? {
        if let quantity = self[id].quantity { return quantity }
        if failsafe?.currentReadBack == id { return .failsafeCurrent }
        if failsafe?.timeoutReadBack == id { return .failsafeTimeout }
        switch heartbeat.timeout {
        case .register(id, _): return .failsafeTimeout
        case .remaining(id, _): return .setpointValidity
        case .fixed, .register, .remaining: return nil
        }
    }
}
