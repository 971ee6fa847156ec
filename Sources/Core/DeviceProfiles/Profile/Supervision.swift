/// What keeps the wallbox from thinking that its controller is dead. The period is always a third
/// of the timeout (requirement R3).
package struct Heartbeat: Hashable, Codable, Sendable {
    package var kind: Kind
    /// Signs of life beyond the first, where a wallbox wants several.
    package var further: [Kind] = []
    package var timeout: Timeout
    /// The longest time between two, where the vendor asks for less than a third of the timeout.
    package var longestPeriod: Duration?

    package enum Kind: Hashable, Codable, Sendable {
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

    package enum Timeout: Hashable, Codable, Sendable {
        case fixed(Duration)
        /// The wallbox tells its timeout (canonical unit: milliseconds).
        case register(RegisterID, otherwise: Duration)
        /// The wallbox tells what is left of it (canonical unit: milliseconds): the timeout is that
        /// and the time since the last write.
        case remaining(RegisterID, otherwise: Duration)
    }
}

/// What the wallbox does by itself when nobody talks to it any more.
package struct Failsafe: Hashable, Codable, Sendable {
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

    package enum Direction: String, Hashable, Codable, Sendable, CaseIterable {
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
