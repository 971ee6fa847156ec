import ChargeModel

/// Which way a number goes that the register cannot hold exactly.
package enum CodecRounding: Hashable, Sendable {
    /// Towards negative infinity in the device's unit: for limits, which never grow by conversion
    /// (requirement R1).
    case down
    /// To the nearest: for what the simulator shows.
    case nearest
}

extension Register {
    /// The words of a number in the canonical unit; nil when the register cannot express it: it
    /// does not fit the type or the slice, or its words would mean "no value".
    package func encode(canonical: Int, rounding: CodecRounding) -> [UInt16]? {
        guard let raw = pattern(ofCanonical: canonical, rounding), !invalid.contains(raw) else {
            return nil
        }
        return encode(raw: raw)
    }

    /// The words of a raw value, the number that ``DecodedValue/number(canonical:raw:)`` carries
    /// and ``names`` and rules speak of; nil when it does not fit. A slice is shifted into its
    /// place, with zeros around it. Negative numbers are in two's complement of the type's width.
    package func encode(raw: UInt64) -> [UInt16]? {
        if case .text = type { return nil }
        guard raw <= type.largestPattern else { return nil }
        guard let bits else { return words(of: raw) }
        guard raw <= bits.mask >> UInt64(bits.shift) else { return nil }
        let shifted = raw << UInt64(bits.shift)
        guard shifted & ~bits.mask == 0 else { return nil }
        return words(of: shifted)
    }

    /// The words of a text, filled up with NUL; nil when it is too long or not printable ASCII.
    package func encode(text: String) -> [UInt16]? {
        guard case .text(let registers, _) = type else { return nil }
        var bytes = Array(text.utf8)
        guard bytes.count <= registers * 2, bytes.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            return nil
        }
        bytes.append(contentsOf: repeatElement(0, count: registers * 2 - bytes.count))
        return (0..<registers).map { UInt16(bytes[$0 * 2]) << 8 | UInt16(bytes[$0 * 2 + 1]) }
    }

    /// The words of a raw value of either kind.
    package func encode(_ raw: RawValue) -> [UInt16]? {
        switch raw {
        case .number(let number): encode(raw: number)
        case .text(let text): encode(text: text)
        }
    }

    // MARK: - Numbers to words

    private func pattern(ofCanonical canonical: Int, _ rounding: CodecRounding) -> UInt64? {
        switch type {
        case .text: return nil
        case .f32:
            let value: Float? = scale.device(canonical, rounding)
            return value.map { UInt64($0.bitPattern) }
        case .f64:
            let value: Double? = scale.device(canonical, rounding)
            return value?.bitPattern
        case .u16, .s16, .u32, .s32, .u64, .s64, .bit:
            return type.pattern(ofNumber: scale.device(canonical, rounding))
        }
    }

    private func words(of pattern: UInt64) -> [UInt16] {
        let lowFirst = (0..<width).map { UInt16(truncatingIfNeeded: pattern >> UInt64($0 * 16)) }
        return wordOrder == .lowFirst ? lowFirst : lowFirst.reversed()
    }
}
