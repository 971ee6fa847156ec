/// The state of the control pilot as a wallbox tells it (IEC 61851-1, table A.1). The digit says
/// whether the wallbox offers energy: 1 not, 2 yes (pulse-width modulation on).
package enum PilotState: String, Hashable, Codable, Sendable, CaseIterable {
    /// No vehicle.
    case a = "A"
    /// Vehicle connected, wallbox not offering.
    case b1 = "B1"
    /// Vehicle connected, wallbox offering, vehicle not asking.
    case b2 = "B2"
    /// Vehicle asks for energy, wallbox not offering.
    case c1 = "C1"
    /// Energy flows.
    case c2 = "C2"
    /// As C1, with ventilation.
    case d1 = "D1"
    /// As C2, with ventilation.
    case d2 = "D2"
    /// Error.
    case e = "E"
    /// Not available.
    case f = "F"

    /// Whether a vehicle is plugged in; nil where the state does not tell (E, F).
    package var isVehicleConnected: Bool? {
        switch self {
        case .a: false
        case .b1, .b2, .c1, .c2, .d1, .d2: true
        case .e, .f: nil
        }
    }

    /// Whether the wallbox offers energy; nil without a vehicle, where the state does not tell.
    package var isOffering: Bool? {
        switch self {
        case .b2, .c2, .d2: true
        case .b1, .c1, .d1, .e, .f: false
        case .a: nil
        }
    }

    /// Whether the wallbox says that energy flows.
    package var isDrawing: Bool { self == .c2 || self == .d2 }
}
