import ChargeModel

/// Energy without rounding: the meter adds up for days without drifting, and in the same way on
/// every machine.
package struct ExactEnergy: Hashable, Comparable, Sendable {
    /// Microwatts times nanoseconds.
    package private(set) var femtojoules: Int128

    package static let zero = ExactEnergy(femtojoules: 0)

    private static let femtojoulesPerWattHour: Int128 = 3_600_000_000_000_000_000

    private init(femtojoules: Int128) {
        self.femtojoules = femtojoules
    }

    package init(_ energy: WattHours) {
        self.init(femtojoules: Int128(energy.rawValue) * Self.femtojoulesPerWattHour)
    }

    /// What a constant power comes to over a time.
    package init(microwatts: Int, nanoseconds: Int64) {
        self.init(femtojoules: Int128(microwatts) * Int128(nanoseconds))
    }

    /// The whole watt-hours in it.
    package var wattHours: WattHours {
        WattHours(Int(femtojoules / Self.femtojoulesPerWattHour))
    }

    /// How long a constant power takes to come to this, rounded up to whole nanoseconds.
    ///
    /// - Precondition: The power is greater than 0.
    package func nanoseconds(atMicrowatts power: Int) -> Int64 {
        precondition(power > 0, "no energy flows at \(power) uW")
        guard femtojoules > 0 else { return 0 }
        let power = Int128(power)
        return Int64(clamping: (femtojoules + power - 1) / power)
    }

    /// A share of it in whole percent, rounded up, so that what follows lies within it.
    package func share(percent: Int) -> ExactEnergy {
        ExactEnergy(femtojoules: (femtojoules * Int128(percent) + 99) / 100)
    }

    /// Which share of another energy this is, in whole percent rounded down, 0 to 100.
    package func percent(of whole: ExactEnergy) -> Int {
        guard whole.femtojoules > 0 else { return 100 }
        return min(100, max(0, Int(femtojoules * 100 / whole.femtojoules)))
    }

    package static func < (left: ExactEnergy, right: ExactEnergy) -> Bool {
        left.femtojoules < right.femtojoules
    }

    package static func + (left: ExactEnergy, right: ExactEnergy) -> ExactEnergy {
        ExactEnergy(femtojoules: left.femtojoules + right.femtojoules)
    }

    package static func - (left: ExactEnergy, right: ExactEnergy) -> ExactEnergy {
        ExactEnergy(femtojoules: left.femtojoules - right.femtojoules)
    }

    package static func += (left: inout ExactEnergy, right: ExactEnergy) {
        left.femtojoules += right.femtojoules
    }
}
