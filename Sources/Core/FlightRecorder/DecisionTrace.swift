/// A running hash of what the engines decided, equal in every process that is told the same: integers
/// and texts in their order (after FNV-1a, 64 bits).
package struct DecisionTrace: Hashable, Sendable {
    package private(set) var value: UInt64

    package init(_ value: UInt64 = 0xCBF2_9CE4_8422_2325) {
        self.value = value
    }

    mutating func add(_ number: UInt64) {
        value = (value ^ number) &* 0x0000_0100_0000_01B3
        // Its high bits reach the low ones, of which the check is made.
        value ^= value >> 32
    }

    mutating func add(_ number: Int64) { add(UInt64(bitPattern: number)) }
    mutating func add(_ number: Int) { add(Int64(number)) }
    mutating func add(_ truth: Bool) { add(truth ? 1 : 0 as UInt64) }

    /// nil is told from every number that engines have.
    mutating func add(_ number: Int?) {
        guard let number else { return add(1 << 63 as UInt64) }
        add(Int64(number))
    }

    mutating func add(_ text: String) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        add(text.utf8.count)
    }

    /// One byte of it stands behind each input, so that a replay sees at once where it differs: all
    /// but one in 256 differences show at their very input, the rest at one of the next.
    var check: UInt8 {
        let half = value ^ value >> 32
        let quarter = half ^ half >> 16
        return UInt8(truncatingIfNeeded: quarter ^ quarter >> 8)
    }
}
