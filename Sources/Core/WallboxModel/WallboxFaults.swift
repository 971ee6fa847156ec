import ChargeModel
import DeviceProfiles
import Modbus

/// What is wrong with a wallbox: everything that lies behind the wire. Faults add up; a value
/// without any is a sound wallbox. Faults of the wire are ``WireFault``.
package struct WallboxFaults: Hashable, Sendable {
    package var writes = WriteManner.obeyed
    /// The wallbox quietly holds every limit down to this, and says so when it is read (requirement
    /// R8: a 20 A cable reads 20 after 32 was written).
    package var cableLimit: Milliamperes?
    /// Another controller that keeps writing the setpoint.
    package var foreignController: ForeignController?
    package var registers: [RegisterFault] = []
    /// Answers every request like this.
    package var exception: ModbusException?
    /// Answers nothing.
    package var isSilent = false
    package var defect: Defect?
    /// The contactor does not open any more once it has closed.
    package var isContactorWelded = false

    package init() {}

    /// What becomes of writes that are acknowledged.
    package enum WriteManner: Hashable, Sendable {
        case obeyed
        case ignored
        case delayed(by: Duration)
    }

    package struct ForeignController: Hashable, Sendable {
        package var setpoint: Milliamperes
        /// Time from one write to the next; the first comes after as much.
        package var period: Duration

        package init(setpoint: Milliamperes, period: Duration) {
            self.setpoint = setpoint
            self.period = period
        }
    }

    /// What is wrong with one register.
    package struct RegisterFault: Hashable, Sendable {
        package var register: RegisterID
        package var kind: Kind

        package init(_ register: RegisterID, _ kind: Kind) {
            self.register = register
            self.kind = kind
        }

        package enum Kind: Hashable, Sendable {
            /// It keeps the value that it has now.
            case stuck
            /// It holds these words, repeated as needed.
            case words([UInt16])
            /// Not a number for floating point, all ones for the others.
            case notANumber
            /// The words of a value come in the wrong order.
            case wordsSwapped
            /// A request that touches it gets this answer.
            case exception(ModbusException)
            /// A request that touches it gets no answer.
            case silent
        }
    }

    /// A defect that the wallbox knows of: it stops charging and shows state E or F.
    package struct Defect: Hashable, Sendable {
        /// F (not available) instead of E (error).
        package var isUnavailable: Bool
        /// What error code registers show; nil for what the profile's rules need.
        package var code: Int?

        package init(isUnavailable: Bool = false, code: Int? = nil) {
            self.isUnavailable = isUnavailable
            self.code = code
        }
    }

    /// What is wrong with these figures, for a person; nil when nothing is.
    package var complaint: String? {
        if let foreignController, foreignController.period < .milliseconds(100) {
            return "another controller writes every 100 ms at most"
        }
        if case .delayed(let delay) = writes, delay < .zero || delay > .seconds(3600) {
            return "a write is delayed by 0 s to 3600 s"
        }
        return nil
    }
}
