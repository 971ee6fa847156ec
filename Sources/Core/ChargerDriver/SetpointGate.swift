import ChargeModel
import DeviceProfiles

/// The one choke point through which every current passes before it is written (requirement R1):
/// never above any ceiling, never between 0 and the minimum (requirement R2), always rounded down to
/// the wallbox's step.
package struct SetpointGate: Hashable, Codable, Sendable {
    private let ceiling: Milliamperes
    private let minimum: Milliamperes
    private let step: Milliamperes

    package init(control: ControlTraits, installationMaximum: Milliamperes) {
        ceiling = min(control.maximum, installationMaximum)
        minimum = max(control.minimum, .pilotMinimum)
        step = max(control.step, Milliamperes(1))
    }

    /// - Parameters:
    ///   - wanted: Any number, also negative or absurdly large.
    ///   - hardwareMaximum: What the wallbox's registers state; nil while unknown.
    /// - Returns: 0, or a multiple of the step from the minimum up to the least ceiling.
    package func pass(
        _ wanted: Milliamperes, hardwareMaximum: Milliamperes?
    ) -> Milliamperes {
        let allowed = min(wanted, ceiling, hardwareMaximum ?? ceiling)
        guard allowed >= minimum else { return .zero }
        let rounded = Milliamperes(allowed.rawValue / step.rawValue * step.rawValue)
        return rounded >= minimum ? rounded : .zero
    }
}
