import ChargeModel

/// What a simulated wallbox physically is and does at one moment, whatever its registers say.
package struct WallboxTruth: Hashable, Sendable {
    package var instant: MonotonicInstant
    package var pilot: PilotState
    package var isContactorClosed: Bool
    /// How often the contactor has closed.
    package var contactorCycles: Int
    /// The limit that was last written, as the wallbox has taken it; where it is set in watts, what
    /// that comes to on the phases that charge.
    package var setpoint: Milliamperes
    /// The power that was last written; nil where the wallbox is set in amperes.
    package var setpointPower: Watts?
    /// The phases that lie behind the contactor, 1 to 3.
    package var phases: Int
    /// How often it was told to switch phases while energy flowed.
    package var phaseSwitchesUnderLoad: Int
    /// Whether every on/off register is on.
    package var isEnabled: Bool
    /// The limit in force, from setpoint, on/off, failsafe, cable and defects; 0 for a pause.
    package var limit: Milliamperes
    /// The current that the pilot signal offers; 0 while it is off or no vehicle is plugged in.
    package var offered: Milliamperes
    /// One for each phase of the wallbox.
    package var currents: [Milliamperes]
    package var voltages: [Millivolts]
    package var power: Watts
    /// All energy so far; it never decreases.
    package var energy: ExactEnergy
    package var energyTotal: WattHours
    /// Since the vehicle was plugged in; the reboot of the wallbox loses it.
    package var energySession: WattHours
    package var vehicle: VehicleTruth?
    package var failsafe: FailsafeTruth
    package var serial: String
    package var uptime: Duration
    /// Whether it is starting up, answering nothing and offering nothing.
    package var isBooting: Bool
    /// Acknowledged writes of each register, by its place in the profile.
    package var writeCounts: [Int]
    /// Writes that the profile forbids under all circumstances.
    package var deniedWrites: Int
}

/// The vehicle on the plug.
package struct VehicleTruth: Hashable, Sendable {
    package var vehicle: Vehicle
    /// Whether it asks for energy (state C).
    package var isAsking: Bool
    package var isFull: Bool
    /// What is in the battery; nil for a vehicle without one.
    package var charge: WattHours?
    /// State of charge; nil for a vehicle without a battery.
    package var percent: Int?
}

/// The failsafe of the wallbox.
package struct FailsafeTruth: Hashable, Sendable {
    package var isActive: Bool
    /// Whether everything that has to be is written for it to fall back.
    package var isArmed: Bool
    /// The current that it falls to where the direction is down.
    package var current: Milliamperes
    /// 0 when it is off.
    package var timeout: Duration
    package var lastContact: MonotonicInstant
    /// When it falls back unless somebody talks to it; nil when it is off or has fallen back.
    package var deadline: MonotonicInstant?
    /// How often it has fallen back since it was built.
    package var activations: Int
}
