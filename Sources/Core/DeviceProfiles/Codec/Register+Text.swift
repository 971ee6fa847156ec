import ChargeModel

/// Texts in registers, in both directions.
extension Register {
    /// Whether values are texts; a text that is a version is a number.
    package var isText: Bool { type.isText && version == nil }

    // MARK: - Words to text

    func decodeText(_ words: [UInt16]) -> DecodedValue {
        guard let text = text(words) else { return .unavailable(.implausible) }
        guard !text.isEmpty else { return .unavailable(.notAvailable) }
        guard version != nil else { return .text(text) }
        guard let canonical = VersionNumber(text: text)?.canonical else {
            return .unavailable(.implausible)
        }
        return .number(canonical: canonical, raw: UInt64(canonical))
    }

    /// nil for what is no text; empty for none.
    private func text(_ words: [UInt16]) -> String? {
        guard case .text(_, let encoding) = type else { return nil }
        switch encoding {
        case .ascii:
            let bytes = words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }.prefix { $0 != 0 }
            guard bytes.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
            return String(decoding: bytes, as: UTF8.self).trimmingBlanks()
        case .utf16:
            let text = String(decoding: words.prefix { $0 != 0 }, as: UTF16.self)
            return text.unicodeScalars.allSatisfy(\.isPrintable) ? text.trimmingBlanks() : nil
        case .hex:
            // Memory that was never written is all zeros or all ones.
            let isBlank = words.allSatisfy { $0 == 0 } || words.allSatisfy { $0 == .max }
            return isBlank ? "" : words.map(\.fourDigits).joined()
        }
    }

    /// A value as people read it in a serial number or a version; nil without one.
    package func text(of value: DecodedValue) -> String? {
        switch value {
        case .number(let canonical, _):
            version == nil ? "\(canonical)" : VersionNumber(canonical: canonical).text
        case .text(let text): text
        case .unavailable: nil
        }
    }

    // MARK: - Text to words

    /// The words of a text, filled up with NUL, or for `hex` with zeros in front; nil when it is too
    /// long, or has characters that the encoding has not.
    package func encode(text: String) -> [UInt16]? {
        guard case .text(let registers, let encoding) = type else { return nil }
        let words: [UInt16]? =
            switch encoding {
            case .ascii: Self.ascii(text, registers)
            case .utf16: Self.utf16(text, registers)
            case .hex: Self.hex(text, registers)
            }
        return words.map(inByteOrder)
    }

    private static func ascii(_ text: String, _ registers: Int) -> [UInt16]? {
        var bytes = Array(text.utf8)
        guard bytes.count <= registers * 2, bytes.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            return nil
        }
        bytes.append(contentsOf: repeatElement(0, count: registers * 2 - bytes.count))
        return (0..<registers).map { UInt16(bytes[$0 * 2]) << 8 | UInt16(bytes[$0 * 2 + 1]) }
    }

    private static func utf16(_ text: String, _ registers: Int) -> [UInt16]? {
        let words = Array(text.utf16)
        guard words.count <= registers, text.unicodeScalars.allSatisfy(\.isPrintable) else {
            return nil
        }
        return words + Array(repeating: 0, count: registers - words.count)
    }

    private static func hex(_ text: String, _ registers: Int) -> [UInt16]? {
        let digits = Array(text.utf8)
        guard 1...registers * 4 ~= digits.count, text.allSatisfy(\.isHexDigit),
            text.allSatisfy(\.isASCII)
        else { return nil }
        let padded = String(repeating: "0", count: registers * 4 - digits.count) + text
        return (0..<registers).compactMap {
            UInt16(padded.dropFirst($0 * 4).prefix(4), radix: 16)
        }
    }
}

extension Unicode.Scalar {
    /// Neither a control character nor the stand-in for a broken pair.
    fileprivate var isPrintable: Bool {
        value >= 0x20 && !(0x7F...0x9F ~= value) && self != "\u{FFFD}"
    }
}

extension UInt16 {
    fileprivate var fourDigits: String {
        let digits = String(self, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
