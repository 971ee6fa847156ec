import ChargeModel

// Limits that no wallbox can mean.
extension DeviceProfile {
    /// The most that a register with a limit can mean, in its canonical unit; nil for other registers.
    ///
    /// A control pilot offers 80 A at most (IEC 61851-1, annex A: the duty cycle of 96 %), whatever
    /// the wallbox: words in the wrong order read as a thousand times that.
    package func mostPlausible(_ id: RegisterID) -> Int? {
        let limits = [control.setpoint, control.readBack, failsafe?.currentReadBack]
        if limits.contains(id) {
            guard case .power(let voltage, _) = control.domain else {
                return Milliamperes.pilotMaximum.rawValue
            }
            return Milliamperes.pilotMaximum.rawValue * voltage.rawValue / 1_000_000
                * electrical.phases
        }
        return self[id].quantity == .hardwareMaximum ? Milliamperes.pilotMaximum.rawValue : nil
    }

    /// What a value of a register counts for: above what is plausible for none. A raw value that means
    /// off stays what it is.
    package func plausible(
        _ value: DecodedValue, in id: RegisterID, most: Int?
    ) -> DecodedValue {
        guard let most, case .number(let canonical, let raw) = value, canonical > most,
            id != control.readBack || !control.offValues.contains(raw)
        else { return value }
        return .unavailable(.implausible)
    }
}
