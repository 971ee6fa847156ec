import ChargeModel

extension Register {
    /// The value that the words of one element mean.
    ///
    /// Every word pattern has an answer: a sentinel, an empty text, NaN and infinity are
    /// `.notAvailable`; a number beyond `Int`, one that a table does not have, a subnormal one (words
    /// in the wrong order look so) and a text that is not printable are `.implausible`. The canonical number is rounded to the nearest, halves away from
    /// zero.
    ///
    /// - Precondition: `words` are exactly ``width``.
    package func decode(_ words: ArraySlice<UInt16>) -> DecodedValue {
        precondition(words.count == width, "\(name) takes \(width) registers, not \(words.count)")
        guard !type.isText else { return decodeText(inByteOrder(Array(words))) }
        let raw = pattern(words)
        guard !invalid.contains(raw) else { return .unavailable(.notAvailable) }
        if let version { return decode(VersionNumber(raw: raw, version, width: width), raw) }
        guard table.isEmpty else { return decodeByTable(raw) }
        switch type {
        case .f32:
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: raw))
            return value.isSubnormal
                ? .unavailable(.implausible) : decode(Double(value), raw)
        case .f64:
            let value = Double(bitPattern: raw)
            return value.isSubnormal ? .unavailable(.implausible) : decode(value, raw)
        case .u16, .s16, .u32, .s32, .u64, .s64, .bit, .text:
            guard let canonical = scale.canonical(type.number(ofPattern: raw)) else {
                return .unavailable(.implausible)
            }
            return .number(canonical: canonical, raw: raw)
        }
    }

    /// The profile's name for a value, when it has one.
    package func name(of value: DecodedValue) -> String? {
        switch value {
        case .number(_, let raw): names.first { $0.raw == .number(raw) }?.name
        case .text(let text): names.first { $0.raw == .text(text) }?.name
        case .unavailable: nil
        }
    }

    // MARK: - Words to numbers

    /// Swaps the bytes of every word where the wallbox does: its own inverse.
    func inByteOrder(_ words: [UInt16]) -> [UInt16] {
        byteOrder == .lowFirst ? words.map(\.byteSwapped) : words
    }

    /// The bits that the words of one element hold of it, whatever they mean.
    ///
    /// - Precondition: `words` are no more than four.
    package func pattern(_ words: ArraySlice<UInt16>) -> UInt64 { slice(joined(words)) }

    private func joined(_ words: ArraySlice<UInt16>) -> UInt64 {
        var joined: UInt64 = 0
        for offset in 0..<words.count {
            let place = wordOrder == .highFirst ? offset : words.count - 1 - offset
            let word = words[words.startIndex + place]
            joined = joined << 16 | UInt64(byteOrder == .lowFirst ? word.byteSwapped : word)
        }
        return joined
    }

    private func slice(_ pattern: UInt64) -> UInt64 {
        guard let bits else { return pattern }
        return (pattern & bits.mask) >> UInt64(bits.shift)
    }

    private func decode(_ value: Double, _ raw: UInt64) -> DecodedValue {
        guard value.isFinite else { return .unavailable(.notAvailable) }
        guard let canonical = scale.canonical(value) else { return .unavailable(.implausible) }
        return .number(canonical: canonical, raw: raw)
    }

    private func decode(_ version: VersionNumber, _ raw: UInt64) -> DecodedValue {
        version.canonical.map { .number(canonical: $0, raw: raw) } ?? .unavailable(.implausible)
    }

    private func decodeByTable(_ raw: UInt64) -> DecodedValue {
        guard let entry = table.first(where: { $0.raw == raw }) else {
            return .unavailable(.implausible)
        }
        return .number(canonical: entry.canonical, raw: raw)
    }
}

extension String {
    /// Without the blanks at both ends, as boxes pad their texts with them.
    func trimmingBlanks() -> String {
        let head = drop { $0 == " " }
        guard let last = head.lastIndex(where: { $0 != " " }) else { return "" }
        return String(head[...last])
    }
}
