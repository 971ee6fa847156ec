import ChargeModel

/// The voltage between each phase and neutral over time.
package enum MainsVoltage: Hashable, Sendable {
    case constant(Millivolts)
    /// Wanders around the nominal voltage by up to `deviation`; each phase for itself, a new value
    /// every ten seconds, and always the same for the same seed.
    case wandering(deviation: Millivolts, seed: UInt64)

    private static let slot: Int64 = 10_000_000_000

    /// Millivolts of every phase.
    package func voltages(at instant: MonotonicInstant) -> PerPhase {
        switch self {
        case .constant(let voltage):
            let value = voltage.rawValue
            return PerPhase(first: value, second: value, third: value)
        case .wandering(let deviation, let seed):
            let slot = UInt64(bitPattern: instant.nanoseconds / Self.slot)
            var random = SeededRandom(seed: seed ^ (slot &* 0x2545_F491_4F6C_DD1D))
            func next() -> Int {
                Millivolts.nominal.rawValue
                    + Int.random(in: -deviation.rawValue...deviation.rawValue, using: &random)
            }
            return PerPhase(first: next(), second: next(), third: next())
        }
    }

    /// When the voltage changes next; nil for never.
    package func nextChange(after instant: MonotonicInstant) -> MonotonicInstant? {
        switch self {
        case .constant: nil
        case .wandering:
            MonotonicInstant(nanoseconds: (instant.nanoseconds / Self.slot + 1) * Self.slot)
        }
    }
}
