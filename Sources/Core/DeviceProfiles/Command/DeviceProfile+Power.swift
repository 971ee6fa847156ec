import ChargeModel

// Limits of wallboxes that are set in watts.
//
// A limit is a current per phase; watts are all phases together. How many phases share them is not
// the wallbox's to say but the vehicle's, so every conversion names the phases it counts on, and
// counts on the fewest: then no phase gets more than the limit, whatever draws.
extension DeviceProfile {
    /// The most watts that can be set so that no phase gets more than the limit; nil when that is a
    /// pause: less than the minimum of each phase, or no band takes it.
    ///
    /// - Parameter phases: How many phases the vehicle is known to draw on.
    package func power(for limit: Milliamperes, phases: Int) -> Watts? {
        guard case .power(let voltage, _) = control.domain else { return nil }
        let counted = min(max(phases, 1), electrical.phases)
        let capped = min(limit, control.maximum)
        return bands.compactMap { band -> Watts? in
            // A band of three phases would switch them through; two phases are in it.
            guard band.phases == 1 || counted > 1 || !choosesPhases else { return nil }
            let sharing = min(counted, band.phases)
            let cap = capped.rawValue * voltage.rawValue * sharing / 1_000_000
            let value = settable(min(cap, band.watts.upperBound))
            let least = control.minimum.rawValue * voltage.rawValue * sharing
            guard band.watts.contains(value), value * 1_000_000 >= least else { return nil }
            return Watts(value)
        }.max()
    }

    /// The current that a set power means for each phase, rounded up: ``power(for:phases:)`` of it is
    /// the same power again, and what is read back is never taken for less than it is.
    package func limit(of power: Watts, phases: Int) -> Milliamperes {
        guard case .power(let voltage, _) = control.domain, power.rawValue > 0 else { return .zero }
        let watts = min(power.rawValue, Self.mostWatts)
        // What no band takes is a pause, and counts as the most that it could be.
        let shared = bands.first { $0.watts.contains(watts) }?.phases ?? 1
        let sharing = min(min(max(phases, 1), electrical.phases), shared)
        let divisor = voltage.rawValue * sharing
        return Milliamperes((watts * 1_000_000 + divisor - 1) / divisor)
    }

    /// No wallbox has a gigawatt; a register of 64 bits might say so.
    private static let mostWatts = 1_000_000_000

    /// The least limit that is not a pause.
    package func leastLimit(phases: Int) -> Milliamperes {
        guard control.isSetInWatts else { return control.minimum }
        // A register that rounds down needs more than the minimum.
        return stride(from: control.minimum.rawValue, through: control.maximum.rawValue, by: 10)
            .lazy.map { Milliamperes($0) }
            .first { self.power(for: $0, phases: phases) != nil } ?? control.maximum
    }

    /// Whether this limit is a pause.
    package func isOff(_ limit: Milliamperes, phases: Int) -> Bool {
        if limit < control.minimum { return true }
        return control.isSetInWatts && power(for: limit, phases: phases) == nil
    }

    /// A limit in the canonical unit of the registers that take it; 0 for a pause.
    package func canonicalLimit(_ limit: Milliamperes, phases: Int) -> Int {
        guard control.isSetInWatts else { return min(limit, control.maximum).rawValue }
        return power(for: limit, phases: phases)?.rawValue ?? 0
    }

    /// Whether the power chooses the phases.
    private var choosesPhases: Bool {
        guard case .power(_, let bands) = control.domain else { return false }
        return !bands.isEmpty
    }

    /// The bands of the power; one for all of it where it does not choose the phases.
    private var bands: [PowerBand] {
        guard case .power(_, let bands) = control.domain, choosesPhases else {
            return [PowerBand(watts: 0...Self.mostWatts, phases: electrical.phases)]
        }
        return bands
    }

    /// What the setpoint register makes of a power.
    private func settable(_ watts: Int) -> Int {
        let register = self[control.setpoint]
        guard watts > 0, let words = register.encode(canonical: watts, rounding: .down) else {
            return 0
        }
        return register.decode(words[...]).canonical ?? 0
    }
}

extension ControlTraits {
    package var isSetInWatts: Bool {
        if case .power = domain { true } else { false }
    }
}

extension Heartbeat {
    /// All signs of life that it takes.
    package var kinds: [Kind] { [kind] + further }
}
