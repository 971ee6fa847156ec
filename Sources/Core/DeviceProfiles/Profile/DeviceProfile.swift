import ChargeModel
import Modbus

/// One wallbox map, compiled: what a file in `devices/` comes to once it has no errors left.
///
/// It has two faces. The driver decodes registers with it and encodes commands; the simulator
/// encodes the same registers and decodes the same commands. It holds values only.
package struct DeviceProfile: Hashable, Sendable {
    /// The file's name without `.yaml`: `<vendor>-<model>` in lower case.
    package var id: String
    package var title: String
    package var vendor: String
    package var model: String
    package var source: ProfileSource
    package var link: LinkTraits
    package var electrical: ElectricalTraits
    /// nil for a wallbox with one connector.
    package var connectors: ConnectorTraits?
    /// Every register of the map; a ``RegisterID`` is an index into it.
    package var registers: [Register]
    /// How all readable registers are read, in order.
    package var readPlan: [ReadBlock]
    /// The first rule whose conditions all hold gives the pilot state.
    package var stateRules: [StateRule]
    /// Values that no register tells, computed from those that do, in the order of the file.
    package var derived: [DerivedValue] = []
    package var control: ControlTraits
    package var heartbeat: Heartbeat
    /// nil when the wallbox has no failsafe that we can see: a permanent warning.
    package var failsafe: Failsafe?
    /// What must hold for the device at the address to be this one; empty when nothing tells.
    package var identity: [IdentityRule]
    /// What must never be written, by no command and under no circumstance.
    package var denied: [DeniedWrite] = []
    /// What it does beside its map; for the simulator alone, the driver is ready for all of it.
    package var manners = DeviceManners()
}

/// How a wallbox behaves where that is no register's matter.
package struct DeviceManners: Hashable, Sendable {
    /// What a request for a register that is not there is answered with.
    package var unknownRegister: UnknownRegister = .exception(2)
    /// A write of the value that stands there already does nothing, not even as a sign of change.
    package var ignoresUnchangedWrites = false
    /// A limit of 0 reads back as the minimum.
    package var readsZeroAsMinimum = false

    package enum UnknownRegister: Hashable, Sendable {
        case exception(UInt8)
        case silence
    }

    package init() {}
}

/// An index into ``DeviceProfile/registers``.
package struct RegisterID: RawRepresentable, Hashable, Sendable, Comparable {
    package var rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package init(_ value: Int) { self.init(rawValue: value) }

    package static func < (left: RegisterID, right: RegisterID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Where the facts of a profile come from, and how far they are to be believed.
package struct ProfileSource: Hashable, Sendable {
    /// The document, its revision and pages.
    package var document: String
    package var confidence: Confidence
    /// Whether somebody has run this profile against the real box.
    package var isVerifiedOnHardware: Bool

    package enum Confidence: String, Hashable, Sendable, CaseIterable {
        /// The vendor's own text was seen.
        case manual
        /// Working open drivers agree.
        case drivers
        /// The vendor's text and drivers.
        case manualAndDrivers = "manual-and-drivers"
        /// Reports of users.
        case reports
        /// Sources disagree, or it is unverified.
        case contradictory
        /// A map of our own, defined by the profile itself.
        case reference
    }
}

/// What the link to the wallbox needs and bears.
package struct LinkTraits: Hashable, Sendable {
    /// TCP port, normally 502.
    package var port: UInt16
    /// The unit id of the charger where the configuration names none.
    package var unit: UInt8
    /// The least time between the end of one transaction and the next request.
    package var requestGap: Duration
    /// The shortest poll period that the wallbox bears.
    package var minimumPoll: Duration
    /// The bound of one transaction, 0.2 s to 10 s; 1 s by default (requirement R7).
    package var responseTimeout: Duration
    /// The most registers in one read, 1 to 125.
    package var maximumBlock: Int
    /// The most unused registers that a read may cover to join two values. nil forbids to read two
    /// values in one request at all.
    package var maximumGap: Int?
    /// Addresses that no read may begin before and reach: a block ends there.
    package var barriers: [UInt16] = []
    /// The wallbox bears one TCP connection at a time.
    package var isSingleConnection = false
    /// How long it must be left alone after a connection was opened.
    package var delayAfterConnect: Duration = .zero
    /// Settings of its serial line as delivered; nil where it has none.
    package var serial: SerialSettings?
}

/// Several connectors in one station, told apart by address, unit id, port or a part of a register.
package struct ConnectorTraits: Hashable, Sendable {
    /// 2 or more.
    package var count: Int
    /// The unit id of each; empty where all have the profile's.
    package var units: [UInt8]
    /// The TCP port of each; empty where all have the profile's.
    package var ports: [UInt16]
    /// The connector that this value of the profile is for, counted from 1.
    package var selected = 1

    package init(count: Int, units: [UInt8] = [], ports: [UInt16] = []) {
        self.count = count
        self.units = units
        self.ports = ports
    }
}

package struct ElectricalTraits: Hashable, Sendable {
    /// Phases that the model has: 1 or 3.
    package var phases: Int
    /// The power on its type plate; wins over the product of current and voltage for display.
    package var ratedPower: Watts?
}

/// How often a register is read.
package enum PollClass: String, Hashable, Sendable, CaseIterable {
    /// With every poll.
    case fast
    /// Every tenth poll.
    case slow
    /// Once after each connect.
    case once
    /// Never by the agent itself.
    case never

    /// Every how many polls a slow register is read.
    package static let slowDivisor = 10
}

/// One request that reads several values.
package struct ReadBlock: Hashable, Sendable {
    package var unit: RegisterUnit
    package var space: RegisterSpace
    package var address: UInt16
    /// 1 to 125.
    package var count: UInt16
    package var poll: PollClass
    /// The values in it.
    package var entries: [Entry]

    package struct Entry: Hashable, Sendable {
        package var register: RegisterID
        /// Which element of a per-phase array; 0 for single values.
        package var element: Int
        /// Where its words begin in the block.
        package var offset: Int

        package init(register: RegisterID, element: Int, offset: Int) {
            self.register = register
            self.element = element
            self.offset = offset
        }
    }
}

// MARK: - State

/// Conditions that, together, mean one pilot state.
package struct StateRule: Hashable, Sendable {
    /// All must hold. Empty always holds.
    package var conditions: [RegisterCondition]
    package var state: PilotState
}

/// A condition on one register's value.
package struct RegisterCondition: Hashable, Sendable {
    package var register: RegisterID
    package var test: Test

    package enum Test: Hashable, Sendable {
        /// The raw value is one of these.
        case oneOf([UInt64])
        /// The text, trimmed, is one of these.
        case text([String])
        /// All bits of the mask are set.
        case allBitsSet(UInt64)
        /// No bit of the mask is set.
        case noBitSet(UInt64)
        /// The scaled value lies in the range (in the register's canonical unit).
        case range(ClosedRange<Int>)
    }
}

// MARK: - Derived values

/// A value that is computed. It counts where no register of the quantity has a value.
package struct DerivedValue: Hashable, Sendable {
    package var quantity: MeasuredQuantity
    package var formula: Formula

    package enum Formula: Hashable, Sendable {
        /// The sum of all elements of a register.
        case sum(RegisterID)
        /// Current times voltage, added over the phases.
        case product(currents: RegisterID, voltages: RegisterID)
        /// Current times a nominal voltage, added over the phases.
        case nominal(currents: RegisterID, voltage: Millivolts)
    }

    package init(quantity: MeasuredQuantity, formula: Formula) {
        self.quantity = quantity
        self.formula = formula
    }
}

/// Registers, or one value of a register, that are never written.
package struct DeniedWrite: Hashable, Sendable {
    package var space: RegisterSpace
    package var addresses: ClosedRange<UInt16>
    /// nil for any value.
    package var value: UInt16?

    package init(space: RegisterSpace, addresses: ClosedRange<UInt16>, value: UInt16? = nil) {
        self.space = space
        self.addresses = addresses
        self.value = value
    }
}

// MARK: - Control

/// How a limit is written and known to be in force.
package struct ControlTraits: Hashable, Sendable {
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
package enum SetpointDomain: Hashable, Sendable {
    /// Milliamperes per phase.
    case current
    /// Watts of all phases together: amperes become watts by the nominal voltage and the live phases.
    /// Bands say which power means how many phases; empty where power does not choose them.
    case power(nominalVoltage: Millivolts, bands: [PowerBand])
}

/// A range of set power in which the wallbox charges with so many phases. Outside of all bands it
/// pauses.
package struct PowerBand: Hashable, Sendable {
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
package struct PhaseSwitch: Hashable, Sendable {
    package var toOne: [CommandStep]
    package var toThree: [CommandStep]

    package init(toOne: [CommandStep], toThree: [CommandStep]) {
        self.toOne = toOne
        self.toThree = toThree
    }
}

/// How to tell whether the wallbox is switched on.
package enum EnabledSource: Hashable, Sendable {
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
package indirect enum CommandStep: Hashable, Sendable {
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

package enum CommandValue: Hashable, Sendable {
    /// The limit, scaled and rounded down for its register.
    case limit
    /// A fixed raw value.
    case raw(UInt64)
}

// MARK: - Supervision

/// What keeps the wallbox from thinking that its controller is dead. The period is always a third
/// of the timeout (requirement R3).
package struct Heartbeat: Hashable, Sendable {
    package var kind: Kind
    /// Signs of life beyond the first, where a wallbox wants several.
    package var further: [Kind] = []
    package var timeout: Timeout
    /// The longest time between two, where the vendor asks for less than a third of the timeout.
    package var longestPeriod: Duration?

    package enum Kind: Hashable, Sendable {
        /// Nothing is needed.
        case none
        /// Any successful read counts; polling does it.
        case anyRead
        /// The setpoint expires and is written again.
        case rewriteSetpoint
        /// A fixed value is written to a register.
        case write(RegisterID, UInt64)
        /// The failsafe timeout is written again (``Failsafe/timeout``).
        case rewriteFailsafeTimeout
    }

    package enum Timeout: Hashable, Sendable {
        case fixed(Duration)
        /// The wallbox tells its timeout (canonical unit: milliseconds).
        case register(RegisterID, otherwise: Duration)
        /// The wallbox tells what is left of it (canonical unit: milliseconds): the timeout is that
        /// and the time since the last write.
        case remaining(RegisterID, otherwise: Duration)
    }
}

/// What the wallbox does by itself when nobody talks to it any more.
package struct Failsafe: Hashable, Sendable {
    package var direction: Direction
    /// Takes the current to fall to (canonical unit: milliamperes, or watts in a power register); nil
    /// when it cannot be set.
    package var current: RegisterID?
    package var currentReadBack: RegisterID?
    /// Takes the timeout (canonical unit: milliseconds); nil when it cannot be set.
    package var timeout: RegisterID?
    package var timeoutReadBack: RegisterID?
    /// The timeout that we arm; without ``timeout``, what the wallbox is known to use.
    package var timeoutValue: Duration
    /// Whether ``current`` takes 0.
    package var acceptsZero: Bool
    /// What else switches the failsafe on, after its current and timeout.
    package var arm: [CommandStep] = []
    /// What shows that it is switched on; empty where nothing does.
    package var armedWhen: [RegisterCondition] = []

    package enum Direction: String, Hashable, Sendable, CaseIterable {
        /// To the failsafe current.
        case down
        /// It keeps the last setpoint.
        case hold
        /// To its maximum or another value above the setpoint.
        case up
        /// It stops charging.
        case stop
    }
}

/// A register that tells whether this is the device that the profile describes.
package struct IdentityRule: Hashable, Sendable {
    package var register: RegisterID
    package var match: Match

    package enum Match: Hashable, Sendable {
        case equals([UInt64])
        case range(ClosedRange<Int>)
        /// The text begins with one of these, whatever the case.
        case prefix([String])
    }
}
