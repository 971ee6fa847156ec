import ChargeModel

extension Register {
    /// A decoded value as people read it: with its unit, and with its name where the profile has one.
    package func text(of value: DecodedValue) -> String {
        switch value {
        case .unavailable(let absence): return "- (\(absence.rawValue))"
        case .text(let text): return "\"\(text)\""
        case .number(let canonical, _):
            let number = quantity.map { $0.text(ofCanonical: canonical) } ?? "\(canonical)"
            return name(of: value).map { "\($0) (\(number))" } ?? number
        }
    }
}

extension MeasuredQuantity {
    /// A number of this quantity's canonical unit, with the unit.
    package func text(ofCanonical canonical: Int) -> String {
        switch self {
        case .power, .powers: "\(Watts(canonical))"
        case .currents, .setpoint, .hardwareMaximum, .failsafeCurrent: "\(Milliamperes(canonical))"
        case .voltages: "\(Millivolts(canonical))"
        case .energyTotal, .energySession: "\(WattHours(canonical))"
        case .uptime, .failsafeTimeout, .setpointValidity: "\(canonical) ms"
        case .errorCode, .serial, .firmware, .livePhases, .connectors: "\(canonical)"
        }
    }
}
