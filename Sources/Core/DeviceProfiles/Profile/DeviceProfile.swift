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
    /// Every register of the map; a ``RegisterID`` is an index into it.
    package var registers: [Register]
    /// How all readable registers are read, in order.
    package var readPlan: [ReadBlock]
    /// The first rule whose conditions all hold gives the pilot state.
    package var stateRules: [StateRule]
    package var control: ControlTraits
    package var heartbeat: Heartbeat
    /// nil when the wallbox has no failsafe that we can see: a permanent warning.
    package var failsafe: Failsafe?
    /// What must hold for the device at the address to be this one; empty when nothing tells.
    package var identity: [IdentityRule]
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

// MARK: - Control

/// How a limit is written and known to be in force.
package struct ControlTraits: Hashable, Sendable {
    /// The register that takes the limit (write). Its canonical unit is milliamperes.
    package var setpoint: RegisterID
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
    /// How long after a write a read-back may still show the old value.
    package var settle: Duration
    /// The least time between two writes of the setpoint that raise it; stops never wait.
    package var minimumWriteInterval: Duration
}

/// How to tell whether the wallbox is switched on.
package enum EnabledSource: Hashable, Sendable {
    /// The limit read back is above 0.
    case readBack
    /// A register's raw value tells; any other value tells nothing.
    case register(RegisterID, on: [UInt64], off: [UInt64])
    /// The pilot state tells, as long as a vehicle is connected (``PilotState/isOffering``).
    case pilot
}

/// One step of a command.
package enum CommandStep: Hashable, Sendable {
    case write(RegisterID, CommandValue)
    /// A pause before the next step.
    case wait(Duration)
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
    package var timeout: Timeout

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
    /// Takes the current to fall to (canonical unit: milliamperes); nil when it cannot be set.
    package var current: RegisterID?
    package var currentReadBack: RegisterID?
    /// Takes the timeout (canonical unit: milliseconds); nil when it cannot be set.
    package var timeout: RegisterID?
    package var timeoutReadBack: RegisterID?
    /// The timeout that we arm; without ``timeout``, what the wallbox is known to use.
    package var timeoutValue: Duration
    /// Whether ``current`` takes 0.
    package var acceptsZero: Bool

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
