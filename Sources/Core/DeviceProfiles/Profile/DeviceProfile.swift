import ChargeModel
import Modbus

/// One wallbox map, compiled: what a file in `devices/` comes to once it has no errors left.
///
/// It has two faces. The driver decodes registers with it and encodes commands; the simulator
/// encodes the same registers and decodes the same commands. It holds values only.
package struct DeviceProfile: Hashable, Codable, Sendable {
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
package struct DeviceManners: Hashable, Codable, Sendable {
    /// What a request for a register that is not there is answered with.
    package var unknownRegister: UnknownRegister = .exception(2)
    /// A write of the value that stands there already does nothing, not even as a sign of change.
    package var ignoresUnchangedWrites = false
    /// A limit of 0 reads back as the minimum.
    package var readsZeroAsMinimum = false

    package enum UnknownRegister: Hashable, Codable, Sendable {
        case exception(UInt8)
        case silence
    }

    package init() {}
}

/// An index into ``DeviceProfile/registers``.
package struct RegisterID: RawRepresentable, Hashable, Codable, Sendable, Comparable {
    package var rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package init(_ value: Int) { self.init(rawValue: value) }

    package static func < (left: RegisterID, right: RegisterID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Where the facts of a profile come from, and how far they are to be believed.
package struct ProfileSource: Hashable, Codable, Sendable {
    /// The document, its revision and pages.
    package var document: String
    package var confidence: Confidence
    /// Whether somebody has run this profile against the real box.
    package var isVerifiedOnHardware: Bool

    package enum Confidence: String, Hashable, Codable, Sendable, CaseIterable {
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
package struct LinkTraits: Hashable, Codable, Sendable {
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
package struct ConnectorTraits: Hashable, Codable, Sendable {
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

package struct ElectricalTraits: Hashable, Codable, Sendable {
    /// Phases that the model has: 1 or 3.
    package var phases: Int
    /// The power on its type plate; wins over the product of current and voltage for display.
    package var ratedPower: Watts?
}

/// How often a register is read.
package enum PollClass: String, Hashable, Codable, Sendable, CaseIterable {
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
package struct ReadBlock: Hashable, Codable, Sendable {
    package var unit: RegisterUnit
    package var space: RegisterSpace
    package var address: UInt16
    /// 1 to 125.
    package var count: UInt16
    package var poll: PollClass
    /// The values in it.
    package var entries: [Entry]

    package struct Entry: Hashable, Codable, Sendable {
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
package struct StateRule: Hashable, Codable, Sendable {
    /// All must hold. Empty always holds.
    package var conditions: [RegisterCondition]
    package var state: PilotState
}

/// A condition on one register's value.
package struct RegisterCondition: Hashable, Codable, Sendable {
    package var register: RegisterID
    package var test: Test

    package init(register: RegisterID, test: Test) {
        self.register = register
        self.test = test
    }

    package enum Test: Hashable, Codable, Sendable {
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
package struct DerivedValue: Hashable, Codable, Sendable {
    package var quantity: MeasuredQuantity
    package var formula: Formula

    package enum Formula: Hashable, Codable, Sendable {
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
package struct DeniedWrite: Hashable, Codable, Sendable {
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

// MARK: - Identity

/// A register that tells whether this is the device that the profile describes.
package struct IdentityRule: Hashable, Codable, Sendable {
    package var register: RegisterID
    package var match: Match

    package enum Match: Hashable, Codable, Sendable {
        case equals([UInt64])
        case range(ClosedRange<Int>)
        /// The text begins with one of these, whatever the case.
        case prefix([String])
    }
}
