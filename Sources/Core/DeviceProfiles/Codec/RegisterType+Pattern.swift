extension RegisterType {
    /// The largest bit pattern that the type's registers hold; 0 for text.
    package var largestPattern: UInt64 {
        switch self {
        case .u16, .s16: UInt64(UInt16.max)
        case .u32, .s32, .f32: UInt64(UInt32.max)
        case .u64, .s64, .f64: .max
        case .bit: 1
        case .text: 0
        }
    }

    package var isSigned: Bool {
        switch self {
        case .s16, .s32, .s64: true
        case .u16, .u32, .u64, .f32, .f64, .bit, .text: false
        }
    }

    package var isFloat: Bool { self == .f32 || self == .f64 }

    package var isText: Bool {
        guard case .text = self else { return false }
        return true
    }

    /// The whole number that a bit pattern of an integer type stands for.
    func number(ofPattern pattern: UInt64) -> Int128 {
        switch self {
        case .s16: Int128(Int16(truncatingIfNeeded: pattern))
        case .s32: Int128(Int32(truncatingIfNeeded: pattern))
        case .s64: Int128(Int64(truncatingIfNeeded: pattern))
        case .u16, .u32, .u64, .f32, .f64, .bit, .text: Int128(pattern)
        }
    }

    /// The bit pattern of a whole number in an integer type; nil when it does not fit.
    func pattern(ofNumber number: Int128) -> UInt64? {
        switch self {
        case .u16: UInt16(exactly: number).map(UInt64.init)
        case .s16: Int16(exactly: number).map { UInt64(UInt16(bitPattern: $0)) }
        case .u32: UInt32(exactly: number).map(UInt64.init)
        case .s32: Int32(exactly: number).map { UInt64(UInt32(bitPattern: $0)) }
        case .u64: UInt64(exactly: number)
        case .s64: Int64(exactly: number).map(UInt64.init(bitPattern:))
        case .bit: number == 0 || number == 1 ? UInt64(number) : nil
        case .f32, .f64, .text: nil
        }
    }
}
