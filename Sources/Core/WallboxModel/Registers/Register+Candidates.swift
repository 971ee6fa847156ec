import ChargeModel
import DeviceProfiles

extension Register {
    /// Words for which all tests hold, or for which not all do; nil when none are found.
    func words(
        _ tests: [RegisterCondition.Test], fulfilled: Bool
    ) -> [UInt16]? {
        let candidates = (0...3).compactMap { encode(raw: $0) } + tests.flatMap(candidates)
        return candidates.first { words in
            let value = decode(words[...])
            return tests.allSatisfy { $0.holds(value) } == fulfilled
        }
    }

    /// Words on both sides of what a test tells apart.
    func candidates(_ test: RegisterCondition.Test) -> [[UInt16]] {
        switch test {
        case .oneOf(let raws):
            (raws + raws.map { $0 &+ 1 }).compactMap { encode(raw: $0) }
        case .text(let texts):
            (texts + ["-"]).compactMap { encode(text: $0) }
        case .allBitsSet(let mask), .noBitSet(let mask):
            [mask, 0].compactMap { encode(raw: $0) }
        case .range(let range):
            [
                range.lowerBound, range.upperBound, range.lowerBound &- 1, range.upperBound &+ 1,
            ].compactMap { encode(canonical: $0, rounding: .nearest) }
        }
    }

    /// A serial number or version, as a text cut to the register, or as the number that it makes.
    func encode(label: String) -> [UInt16]? {
        if version != nil {
            return encode(canonical: Self.version(label), rounding: .nearest)
        }
        if case .text(let registers, let encoding) = type {
            switch encoding {
            case .ascii: return encode(text: String(label.prefix(registers * 2)))
            case .utf16: return encode(text: String(label.prefix(registers)))
            case .hex:
                let digits = String(label.filter(\.isHexDigit).suffix(registers * 4))
                let zeros = String(repeating: "0", count: registers * 4 - digits.count)
                return encode(text: zeros + digits)
            }
        }
        let digits = label.filter { "0"..."9" ~= $0 }
        return Int(digits.suffix(18)).flatMap { encode(canonical: $0, rounding: .nearest) }
    }

    /// The canonical number of "1.22.2", 0 for parts that are not there.
    private static func version(_ text: String) -> Int {
        let parts = text.split { !("0"..."9" ~= $0) }.prefix(3).compactMap { Int($0.suffix(3)) }
        return (parts + [0, 0, 0]).prefix(3).reduce(0) { $0 * 1_000 + $1 }
    }
}
