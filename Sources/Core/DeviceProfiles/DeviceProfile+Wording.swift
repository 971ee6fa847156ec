import ChargeModel

extension DeviceProfile {
    /// A decoded value as people read it: with its unit, and with its name where the profile has one.
    package func wording(of value: DecodedValue, in id: RegisterID) -> String {
        let register = self[id]
        switch value {
        case .unavailable(let absence): return "- (\(absence.rawValue))"
        case .text(let text): return "\"\(text)\""
        case .number(let canonical, _):
            let measured = register.quantity.map {
                $0.wording(ofCanonical: canonical, isPower: control.isSetInWatts)
            }
            let version = register.version.flatMap { _ in register.text(of: value) }
            let number = version ?? measured ?? "\(canonical)"
            return register.name(of: value).map { "\($0) (\(number))" } ?? number
        }
    }
}

extension MeasuredQuantity {
    /// A number of this quantity's canonical unit, with the unit.
    ///
    /// - Parameter isPower: Whether the wallbox is set in watts.
    package func wording(ofCanonical canonical: Int, isPower: Bool) -> String {
        switch self {
        case .power, .powers: "\(Watts(canonical))"
        case .setpoint where isPower, .failsafeCurrent where isPower: "\(Watts(canonical))"
        case .currents, .setpoint, .hardwareMaximum, .failsafeCurrent: "\(Milliamperes(canonical))"
        case .voltages: "\(Millivolts(canonical))"
        case .energyTotal, .energySession: "\(WattHours(canonical))"
        case .uptime, .failsafeTimeout, .setpointValidity: "\(canonical) ms"
        case .errorCode, .serial, .firmware, .livePhases, .connectors: "\(canonical)"
        }
    }
}
