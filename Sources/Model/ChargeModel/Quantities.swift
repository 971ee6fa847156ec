/// The values that the rings share: units, time, readings, what a charger looks like, what is wanted
/// of it. Nothing here does anything; nothing here knows Modbus, HTTP or SQL.

/// A whole number of one unit. Arithmetic stays in the unit; crossing units is spelled out.
package protocol Quantity: RawRepresentable<Int>, Hashable, Comparable, Codable, Sendable {
    init(rawValue: Int)
}

extension Quantity {
    package init(_ value: Int) { self.init(rawValue: value) }

    package static var zero: Self { Self(rawValue: 0) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package static func + (left: Self, right: Self) -> Self { Self(left.rawValue + right.rawValue) }
    package static func - (left: Self, right: Self) -> Self { Self(left.rawValue - right.rawValue) }
}

/// Electric current per phase, in milliamperes.
package struct Milliamperes: Quantity {
    package var rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static func amperes(_ amperes: Int) -> Milliamperes { Milliamperes(amperes * 1000) }

    /// The least current that the pilot signal can offer; below it charging is paused
    /// (IEC 61851-1, duty cycle table: 10 % = 6 A).
    package static let pilotMinimum = Milliamperes.amperes(6)
    /// The most that the pilot signal can offer (IEC 61851-1, duty cycle table: 96 % = 80 A).
    package static let pilotMaximum = Milliamperes.amperes(80)
    /// Meters show up to so much where nothing flows; more of it is a vehicle that draws (requirement R10).
    package static let meterNoise = Milliamperes.amperes(1)
}

/// Electric potential, in millivolts.
package struct Millivolts: Quantity {
    package var rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The nominal voltage between a phase and neutral in Europe (IEC 60038).
    package static let nominal = Millivolts(230_000)
}

/// Electric power, in watts.
package struct Watts: Quantity {
    package var rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The power of a current on a number of phases at the nominal voltage, rounded down.
    package init(_ current: Milliamperes, phases: Int) {
        self.init(current.rawValue * phases * Millivolts.nominal.rawValue / 1_000_000)
    }
}

extension Milliamperes {
    /// The current per phase that a power means on a number of phases at the nominal voltage,
    /// rounded down: a limit never grows by conversion.
    ///
    /// - Precondition: `phases` is 1 to 3.
    package init(_ power: Watts, phases: Int) {
        precondition(1...3 ~= phases, "a wallbox has 1 to 3 phases, not \(phases)")
        self.init(power.rawValue * 1_000_000 / (phases * Millivolts.nominal.rawValue))
    }
}

/// Electric energy, in watt-hours.
package struct WattHours: Quantity {
    package var rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
}

extension Milliamperes: CustomStringConvertible {
    package var description: String { "\(decimal(rawValue)) A" }
}

extension Millivolts: CustomStringConvertible {
    package var description: String { "\(decimal(rawValue)) V" }
}

extension Watts: CustomStringConvertible {
    package var description: String { "\(rawValue) W" }
}

extension WattHours: CustomStringConvertible {
    package var description: String { "\(rawValue) Wh" }
}

/// A number of thousandths as a decimal without trailing zeros: 6500 is "6.5".
private func decimal(_ thousandths: Int) -> String {
    let sign = thousandths < 0 ? "-" : ""
    let magnitude = thousandths.magnitude
    var fraction = String(magnitude % 1000 + 1000).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return "\(sign)\(magnitude / 1000)" + (fraction.isEmpty ? "" : ".\(fraction)")
}
