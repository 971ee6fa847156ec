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
        if type.isText { return version == nil ? nil : encode(version: canonical) }
        guard let raw = pattern(ofCanonical: canonical, rounding), !invalid.contains(raw) else {
            return nil
        }
        return encode(raw: raw)
    }

    /// The words of a raw value, the number that ``DecodedValue/number(canonical:raw:)`` carries
    /// and ``names`` and rules speak of; nil when it does not fit. A slice is shifted into its
    /// place, with zeros around it. Negative numbers are in two's complement of the type's width.
    package func encode(raw: UInt64) -> [UInt16]? {
        if type.isText { return version == nil ? nil : Int(exactly: raw).flatMap(encode(version:)) }
        guard raw <= type.largestPattern else { return nil }
        guard let bits else { return words(of: raw) }
        guard raw <= bits.mask >> UInt64(bits.shift) else { return nil }
        let shifted = raw << UInt64(bits.shift)
        guard shifted & ~bits.mask == 0 else { return nil }
        return words(of: shifted)
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
        if let version {
            return VersionNumber(canonical: canonical).raw(version, width: width)
        }
        guard table.isEmpty else { return tableEntry(for: canonical, rounding)?.raw }
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
        return inByteOrder(wordOrder == .lowFirst ? lowFirst : lowFirst.reversed())
    }

    /// Of equal ones the first in the file.
    private func tableEntry(for canonical: Int, _ rounding: CodecRounding) -> TableEntry? {
        switch rounding {
        case .down:
            return table.filter { $0.canonical <= canonical }
                .max { $0.canonical < $1.canonical }
        case .nearest:
            func distance(_ entry: TableEntry) -> UInt128 {
                (Int128(entry.canonical) - Int128(canonical)).magnitude
            }
            return table.min { distance($0) < distance($1) }
        }
    }

    private func encode(version canonical: Int) -> [UInt16]? {
        guard canonical >= 0 else { return nil }
        return encode(text: VersionNumber(canonical: canonical).text)
    }
}
