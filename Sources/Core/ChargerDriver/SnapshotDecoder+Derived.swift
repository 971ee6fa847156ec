import ChargeModel
import DeviceProfiles

// Values that no register tells.
extension SnapshotDecoder {
    /// What the profile computes for a quantity, by the first formula that has its inputs; nil when it
    /// says nothing of it.
    func derived(_ quantity: MeasuredQuantity, isDrawing: Bool?) -> Reading<Int>? {
        guard !facts.derived.isEmpty else { return nil }
        let readings = facts.derived.filter { $0.quantity == quantity }
            .map { reading(of: $0.formula, isDrawing: isDrawing) }
        return readings.first { $0.value != nil } ?? readings.first
    }

    /// As old as the oldest of its inputs; without one of them there is no value.
    private func reading(of formula: DerivedValue.Formula, isDrawing: Bool?) -> Reading<Int> {
        switch formula {
        case .sum(let register):
            return total(register) { element in
                reading(register, element: element, isDrawing: isDrawing).map { Int128($0) }
            }.map { Int(clamping: $0) }
        case .product(let currents, let voltages):
            return total(currents) { element in
                let current = reading(currents, element: element, isDrawing: isDrawing)
                // Without current the voltage does not matter, and many measure none then.
                if case .captured(0, let time) = current { return .captured(0, at: time) }
                return current.times(reading(voltages, element: element, isDrawing: isDrawing))
            }.map { Self.watts($0) }
        case .nominal(let currents, let voltage):
            return total(currents) { element in
                reading(currents, element: element, isDrawing: isDrawing)
                    .map { Int128($0) * Int128(voltage.rawValue) }
            }.map { Self.watts($0) }
        }
    }

    /// The sum over the phases. Phases that the installation does not use may have no value.
    private func total(
        _ register: RegisterID, _ term: (Int) -> Reading<Int128>
    ) -> Reading<Int128> {
        var sum: Int128 = 0
        var oldest: TimePoint?
        for element in 0..<facts.counts[register.rawValue] {
            switch term(element) {
            case .captured(let value, let time):
                sum += value
                oldest = oldest.map { $0.monotonic <= time.monotonic ? $0 : time } ?? time
            case .absent(let reason):
                guard element >= phases else { return .absent(reason) }
            }
        }
        return oldest.map { .captured(sum, at: $0) } ?? .absent(.notAvailable)
    }

    /// To the nearest, from milliamperes times millivolts.
    private static func watts(_ microwatts: Int128) -> Int {
        let half: Int128 = microwatts < 0 ? -500_000 : 500_000
        return Int(clamping: (microwatts + half) / 1_000_000)
    }
}

extension Reading<Int> {
    /// The product, as old as the older of the two.
    fileprivate func times(_ other: Reading<Int>) -> Reading<Int128> {
        switch (self, other) {
        case (.captured(let left, let first), .captured(let right, let second)):
            let time = first.monotonic <= second.monotonic ? first : second
            return .captured(Int128(left) * Int128(right), at: time)
        case (.absent(let reason), _), (_, .absent(let reason)):
            return .absent(reason)
        }
    }
}
