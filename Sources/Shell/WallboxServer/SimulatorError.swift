/// Why the simulator cannot serve.
package enum SimulatorError: Error, Hashable, Sendable {
    /// Something else listens at this address.
    case addressInUse(String)
    /// The system refuses to listen there, for this reason.
    case cannotListen(String, reason: String)
    /// It has been shut down already.
    case shutDown
}

extension SimulatorError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let address):
            """
            \(address) is in use: something else listens there. End it, or choose another port \
            (0 lets the system choose).
            """
        case .cannotListen(let address, let reason):
            "cannot listen on \(address): \(reason)"
        case .shutDown:
            "the simulator has been shut down; start a new one"
        }
    }
}
