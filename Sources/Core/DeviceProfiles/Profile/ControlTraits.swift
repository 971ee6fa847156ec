import ChargeModel

/// How a limit is written and known to be in force.
package struct ControlTraits: Hashable, Codable, Sendable {
    /// The register that takes the limit (write), in the unit of ``domain``.
    package var setpoint: RegisterID
    /// Whether limits are written in amperes or in watts.
    package var domain: SetpointDomain = .current
    /// Where the limit in force is read; may be the same register. nil when it cannot be read.
    package var readBack: RegisterID?
    /// The least current above 0 that the wallbox takes, at least 6 A.
    package var minimum: Milliamperes
    /// The most that the model does.
    package var maximum: Milliamperes
    /// Limits are rounded down to multiples of this.
    package var step: Milliamperes
    package var enabled: EnabledSource
    /// From paused to a limit above 0.
    package var charge: [CommandStep]
    /// From one limit above 0 to another.
    package var limit: [CommandStep]
    /// To 0 A.
    package var idle: [CommandStep]
    /// Raw values of the read-back register that mean off, whatever they would be as a limit.
    package var offValues: [UInt64] = []
    /// What the wallbox has to be told once after every contact, before anything else; it moves no
    /// current.
    package var onConnect: [CommandStep] = []
    /// What it is told when the agent ends, after the last limit.
    package var onDisconnect: [CommandStep] = []
    /// What wakes up a vehicle that does not resume; empty where there is no way.
    package var wakeUp: [CommandStep] = []
    /// nil where phases cannot be switched.
    package var phaseSwitch: PhaseSwitch?
    /// How long after a write a read-back may still show the old value.
    package var settle: Duration
    /// The least time between two writes of the setpoint that raise it; stops never wait.
    package var minimumWriteInterval: Duration
}

/// The unit in which a wallbox takes limits.
package enum SetpointDomain: Hashable, Codable, Sendable {
    /// Milliamperes per phase.
    case current
    /// Watts of all phases together: amperes become watts by the nominal voltage and the live phases.
    /// Bands say which power means how many phases; empty where power does not choose them.
    case power(nominalVoltage: Millivolts, bands: [PowerBand])
}

/// A range of set power in which the wallbox charges with so many phases. Outside of all bands it
/// pauses.
package struct PowerBand: Hashable, Codable, Sendable {
    package var watts: ClosedRange<Int>
    /// 1 or 3.
    package var phases: Int

    package init(watts: ClosedRange<Int>, phases: Int) {
        self.watts = watts
        self.phases = phases
    }
}

/// How to switch between one and three phases. It happens with 0 A confirmed, and only where the
/// configuration allows it (requirement R11).
package struct PhaseSwitch: Hashable, Codable, Sendable {
    package var toOne: [CommandStep]
    package var toThree: [CommandStep]

    package init(toOne: [CommandStep], toThree: [CommandStep]) {
        self.toOne = toOne
        self.toThree = toThree
    }
}

/// How to tell whether the wallbox is switched on.
package enum EnabledSource: Hashable, Codable, Sendable {
    /// The limit read back is above 0.
    case readBack
    /// A register's raw value tells; any other value tells nothing.
    case register(RegisterID, on: [UInt64], off: [UInt64])
    /// The pilot state tells, as long as a vehicle is connected (``PilotState/isOffering``).
    case pilot
    /// Nothing tells but what was written since contact; a vehicle that draws means on.
    case memory
}

/// One step of a command.
package indirect enum CommandStep: Hashable, Codable, Sendable {
    case write(RegisterID, CommandValue)
    /// Some bits of a register that is read first: the others stay.
    case modify(RegisterID, set: UInt64, clear: UInt64)
    /// A pause before the next step.
    case wait(Duration)
    /// Polls until all conditions hold; when they do not in time, the command has failed and what is
    /// left of it is not carried out.
    case waitUntil([RegisterCondition], within: Duration)
    /// The steps are carried out if the newest values fulfil all conditions; a value that is not
    /// there fulfils none.
    case when([RegisterCondition], [CommandStep])
}

package enum CommandValue: Hashable, Codable, Sendable {
    /// The limit, scaled and rounded down for its register.
    case limit
    /// A fixed raw value.
    case raw(UInt64)
}
