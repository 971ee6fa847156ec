import ChargeModel
import Modbus

/// One entry of a register map: where it is, how its words become a value, how it is written.
package struct Register: Hashable, Codable, Sendable {
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
    /// The order of the two bytes of every register of the value.
    package var byteOrder: ByteOrder = .highFirst
    /// How many values of this kind there are: 1, or one for each phase.
    package var count: Int
    /// Registers from one value to the next; at least the width of the type.
    package var stride: Int
    /// Which phase comes first, second and third on the wire, counted from 0; empty in their order.
    package var phaseOrder: [Int] = []
    /// How far the address moves from one connector to the next; 0 for registers of the station.
    package var connectorStride = 0
    /// How many bits the value moves up within its register from one connector to the next.
    package var connectorShift = 0
    /// From the raw number to the canonical unit of the quantity.
    package var scale: RegisterScale
    /// The part of the raw number that is the value; nil for all of it.
    package var bits: BitSlice?
    /// Raw values that mean "no value now".
    package var invalid: [UInt64]
    /// Names for raw values, in the order of the file.
    package var names: [NamedValue]
    /// Canonical values of single raw values, instead of the scale: for numbers that the wallbox
    /// codes, such as phases or a choice of timeouts. A raw value that is not in it is implausible.
    package var table: [TableEntry] = []
    /// How the number is a version; its canonical value is then major x 1,000,000 + minor x 1,000 +
    /// patch.
    package var version: VersionEncoding?
    package var poll: PollClass
    /// Conditions under which the register is there at all, such as a firmware. It is not read until
    /// they are known to hold; until then and otherwise its value is `.notProvided`.
    package var gate: [RegisterCondition] = []
    /// Not every unit has it: it is read alone, and a refusal or a silence means that it is not
    /// there, until the next contact.
    package var isOptional = false
    /// What the value means while no energy flows.
    package var outsideCharging: OutsideCharging = .asRead
    /// nil when it cannot be written.
    package var write: WriteFunction?
    package var persistence: Persistence
    /// The most writes in 24 h that are not stops or reductions; nil for no bound.
    package var writesPerDay: Int?

    /// Registers that one value takes.
    package var width: Int { type.width }

    /// The wire address of one value.
    package func address(ofElement element: Int) -> UInt16 {
        let position = phaseOrder.firstIndex(of: element) ?? element
        return address + UInt16(position * stride)
    }
}

/// What a value means to the agent, and the name under which a profile has it. The canonical unit
/// follows from it.
package enum MeasuredQuantity: String, Hashable, Codable, Sendable, CaseIterable {
    /// Watts, all phases together.
    case power
    /// Watts of each phase.
    case powers
    /// Milliamperes, one for each phase.
    case currents
    /// Millivolts, one for each phase.
    case voltages
    /// Watt-hours since installation.
    case energyTotal = "energy-total"
    /// Watt-hours of this session.
    case energySession = "energy-session"
    /// Milliamperes, or watts of all phases together where the wallbox is set in watts: the limit in
    /// force, or the register that takes it.
    case setpoint
    /// The number of phases that the wallbox has switched through: 0 to 3.
    case livePhases = "live-phases"
    /// How many connectors the station has.
    case connectors
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
    /// Milliamperes, or watts of all phases together.
    case failsafeCurrent = "failsafe-current"
    /// Milliseconds.
    case failsafeTimeout = "failsafe-timeout"
    /// Milliseconds until the setpoint expires.
    case setpointValidity = "setpoint-validity"
}

/// Which unit id a register lives under.
package enum RegisterUnit: Hashable, Codable, Sendable {
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

package enum RegisterSpace: String, Hashable, Codable, Sendable, CaseIterable {
    /// Read with function 3, written with 6 or 16.
    case holding
    /// Read with function 4.
    case input
    /// One bit, read with function 1, written with function 5.
    case coil
    /// One bit, read with function 2.
    case discrete
}

package enum RegisterType: Hashable, Codable, Sendable {
    case u16, s16, u32, s32, u64, s64, f32, f64
    /// A coil or a discrete input: 0 or 1.
    case bit
    /// Ends at NUL, blanks trimmed.
    case text(registers: Int, encoding: TextEncoding = .ascii)

    package var width: Int {
        switch self {
        case .u16, .s16, .bit: 1
        case .u32, .s32, .f32: 2
        case .u64, .s64, .f64: 4
        case .text(let registers, _): registers
        }
    }
}

/// The order of the words of a value that takes several registers.
package enum WordOrder: String, Hashable, Codable, Sendable, CaseIterable {
    case highFirst = "high-first"
    case lowFirst = "low-first"
}

/// The order of the bytes in each register.
package enum ByteOrder: String, Hashable, Codable, Sendable, CaseIterable {
    case highFirst = "high-first"
    case lowFirst = "low-first"
}

package enum TextEncoding: String, Hashable, Codable, Sendable, CaseIterable {
    /// Two characters to a register.
    case ascii
    /// UTF-16, one character to a register.
    case utf16
    /// Not characters: the digits of the registers in hexadecimal, for serial numbers in BCD.
    case hex
}

/// How a version is coded in a register.
package enum VersionEncoding: String, Hashable, Codable, Sendable, CaseIterable {
    /// One byte for each part, the highest first; a fourth is ignored.
    case bytes
    /// Two decimal digits for each part: 10201 is 1.2.1.
    case decimal
    /// Digits with dots in a text: "1.22~2" is 1.22.2.
    case text
}

/// What a value means while the pilot state is known and no energy flows.
package enum OutsideCharging: String, Hashable, Codable, Sendable, CaseIterable {
    case asRead = "as-read"
    /// The wallbox keeps showing the last measurement: it is 0.
    case zero
    /// It is not measured then.
    case absent
}

package struct TableEntry: Hashable, Codable, Sendable {
    package var raw: UInt64
    /// In the canonical unit.
    package var canonical: Int

    package init(raw: UInt64, canonical: Int) {
        self.raw = raw
        self.canonical = canonical
    }
}

/// canonical = raw x numerator / denominator + offset, in whole canonical units.
package struct RegisterScale: Hashable, Codable, Sendable {
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

package struct BitSlice: Hashable, Codable, Sendable {
    /// Applied before the shift.
    package var mask: UInt64
    /// To the right, in bits.
    package var shift: Int

    package init(mask: UInt64, shift: Int) {
        self.mask = mask
        self.shift = shift
    }
}

package struct NamedValue: Hashable, Codable, Sendable {
    package var raw: RawValue
    package var name: String

    package init(raw: RawValue, name: String) {
        self.raw = raw
        self.name = name
    }
}

/// A value before scaling.
package enum RawValue: Hashable, Codable, Sendable {
    case number(UInt64)
    case text(String)
}

package enum WriteFunction: String, Hashable, Codable, Sendable, CaseIterable {
    /// Function 6; for values of one register.
    case single
    /// Function 16, also for one register.
    case multiple
}

/// What a write costs the wallbox.
package enum Persistence: String, Hashable, Codable, Sendable, CaseIterable {
    case volatile
    /// Every write wears flash memory: never cyclic.
    case retentive
    case unknown
}

/// One decoded value.
package enum DecodedValue: Hashable, Codable, Sendable {
    /// `canonical` is scaled into the quantity's unit; `raw` is after slicing, before scaling.
    case number(canonical: Int, raw: UInt64)
    case text(String)
    case unavailable(Absence)

    package var canonical: Int? {
        guard case .number(let canonical, _) = self else { return nil }
        return canonical
    }
}
