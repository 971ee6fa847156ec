import ChargeModel
import Modbus

/// One entry of a register map: where it is, how its words become a value, how it is written.
package struct Register: Hashable, Sendable {
    package var name: String
    /// What the value means to the agent; nil for values that only rules use.
    package var quantity: MeasuredQuantity?
    package var unit: RegisterUnit
    package var space: RegisterSpace
    package var isReadable: Bool
    /// Wire address, counted from 0.
    package var address: UInt16
    package var type: RegisterType
    package var wordOrder: WordOrder
    /// How many values of this kind there are: 1, or one for each phase.
    package var count: Int
    /// Registers from one value to the next; at least the width of the type.
    package var stride: Int
    /// From the raw number to the canonical unit of the quantity.
    package var scale: RegisterScale
    /// The part of the raw number that is the value; nil for all of it.
    package var bits: BitSlice?
    /// Raw values that mean "no value now".
    package var invalid: [UInt64]
    /// Names for raw values, in the order of the file.
    package var names: [NamedValue]
    package var poll: PollClass
    /// nil when it cannot be written.
    package var write: WriteFunction?
    package var persistence: Persistence

    /// Registers that one value takes.
    package var width: Int { type.width }

    /// The wire address of one value.
    package func address(ofElement element: Int) -> UInt16 {
        address + UInt16(element * stride)
    }
}

/// What a value means to the agent, and the name under which a profile has it. The canonical unit
/// follows from it.
package enum MeasuredQuantity: String, Hashable, Sendable, CaseIterable {
    /// Watts, all phases together.
    case power
    /// Milliamperes, one for each phase.
    case currents
    /// Millivolts, one for each phase.
    case voltages
    /// Watt-hours since installation.
    case energyTotal = "energy-total"
    /// Watt-hours of this session.
    case energySession = "energy-session"
    /// Milliamperes: the limit in force, or the register that takes it.
    case setpoint
    /// Milliamperes: the most that the hardware allows. The least of several counts.
    case hardwareMaximum = "hardware-maximum"
    /// A number; 0 is no error.
    case errorCode = "error-code"
    /// A text or a number.
    case serial
    /// A text or a number.
    case firmware
    /// Milliseconds since the wallbox started.
    case uptime
    /// Milliamperes.
    case failsafeCurrent = "failsafe-current"
    /// Milliseconds.
    case failsafeTimeout = "failsafe-timeout"
    /// Milliseconds until the setpoint expires.
    case setpointValidity = "setpoint-validity"
}

/// Which unit id a register lives under.
package enum RegisterUnit: Hashable, Sendable {
    /// The charger's own: from the configuration or the profile's default.
    case charger
    /// Always this one, such as a station's common registers.
    case fixed(UInt8)

    package func resolved(charger: UInt8) -> UInt8 {
        switch self {
        case .charger: charger
        case .fixed(let unit): unit
        }
    }
}

package enum RegisterSpace: String, Hashable, Sendable, CaseIterable {
    /// Read with function 3, written with 6 or 16.
    case holding
    /// Read with function 4.
    case input
}

package enum RegisterType: Hashable, Sendable {
    case u16, s16, u32, s32, u64, s64, f32, f64
    /// ASCII, two characters to a register, high byte first; ends at NUL, blanks trimmed.
    case text(registers: Int)

    package var width: Int {
        switch self {
        case .u16, .s16: 1
        case .u32, .s32, .f32: 2
        case .u64, .s64, .f64: 4
        case .text(let registers): registers
        }
    }
}

/// The order of the words of a value that takes several registers.
package enum WordOrder: String, Hashable, Sendable, CaseIterable {
    case highFirst = "high-first"
    case lowFirst = "low-first"
}

/// canonical = raw x numerator / denominator + offset, in whole canonical units.
package struct RegisterScale: Hashable, Sendable {
    package var numerator: Int
    /// Greater than 0.
    package var denominator: Int
    package var offset: Int

    package init(numerator: Int = 1, denominator: Int = 1, offset: Int = 0) {
        self.numerator = numerator
        self.denominator = denominator
        self.offset = offset
    }
}

package struct BitSlice: Hashable, Sendable {
    /// Applied before the shift.
    package var mask: UInt64
    /// To the right, in bits.
    package var shift: Int

    package init(mask: UInt64, shift: Int) {
        self.mask = mask
        self.shift = shift
    }
}

package struct NamedValue: Hashable, Sendable {
    package var raw: RawValue
    package var name: String

    package init(raw: RawValue, name: String) {
        self.raw = raw
        self.name = name
    }
}

/// A value before scaling.
package enum RawValue: Hashable, Sendable {
    case number(UInt64)
    case text(String)
}

package enum WriteFunction: String, Hashable, Sendable, CaseIterable {
    /// Function 6; for values of one register.
    case single
    /// Function 16, also for one register.
    case multiple
}

/// What a write costs the wallbox.
package enum Persistence: String, Hashable, Sendable, CaseIterable {
    case volatile
    /// Every write wears flash memory: never cyclic.
    case retentive
    case unknown
}

/// One decoded value.
package enum DecodedValue: Hashable, Sendable {
    /// `canonical` is scaled into the quantity's unit; `raw` is after slicing, before scaling.
    case number(canonical: Int, raw: UInt64)
    case text(String)
    case unavailable(Absence)

    package var canonical: Int? {
        guard case .number(let canonical, _) = self else { return nil }
        return canonical
    }
}
