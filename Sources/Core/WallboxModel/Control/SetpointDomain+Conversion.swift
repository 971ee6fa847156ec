import ChargeModel
import DeviceProfiles

/// How the wallbox understands a setpoint; of the simulator's own, so that it cannot share a mistake
/// with the driver's conversion.
extension SetpointDomain {
    /// The setpoint that lets so much current flow on so many phases, in the unit of the register.
    func setpoint(_ current: Milliamperes, phases: Int) -> Int {
        switch self {
        case .current: current.rawValue
        case .power(let voltage, _):
            current.rawValue * phases * voltage.rawValue / 1_000_000
        }
    }

    /// The current per phase that a setpoint above 0 means to a vehicle on so many phases.
    func current(_ setpoint: Int, phases: Int) -> Milliamperes {
        switch self {
        case .current: Milliamperes(setpoint)
        case .power(let voltage, _):
            Milliamperes(setpoint * 1_000_000 / (phases * voltage.rawValue))
        }
    }

    /// Whether power chooses the phases.
    var hasBands: Bool {
        guard case .power(_, let bands) = self else { return false }
        return !bands.isEmpty
    }

    /// The phases that a set power chooses; nil outside of all bands.
    func phases(at setpoint: Int) -> Int? {
        guard case .power(_, let bands) = self else { return nil }
        return bands.first { $0.watts.contains(setpoint) }?.phases
    }
}
