/// The exception code with which a unit refuses a request (specification, clause 7).
package struct ModbusException: RawRepresentable, Error, Hashable, Codable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let illegalFunction = ModbusException(rawValue: 1)
    package static let illegalDataAddress = ModbusException(rawValue: 2)
    package static let illegalDataValue = ModbusException(rawValue: 3)
    package static let serverDeviceFailure = ModbusException(rawValue: 4)
    package static let acknowledge = ModbusException(rawValue: 5)
    package static let serverDeviceBusy = ModbusException(rawValue: 6)
    package static let gatewayPathUnavailable = ModbusException(rawValue: 10)
    package static let gatewayTargetFailedToRespond = ModbusException(rawValue: 11)

    /// What an exception means for the next step (requirement R25).
    package enum Handling: Hashable, Sendable {
        /// The same request will be refused again: do not repeat it.
        case permanent
        /// The unit may answer later: at most two repetitions.
        case transient
        /// The unit has taken the request and is still at work: look again.
        case inProgress
    }

    /// 1, 2 and 3 are permanent; 5 is in progress; 4, 6, 10, 11 and every unknown code are transient.
    package var handling: Handling {
        switch rawValue {
        case 1, 2, 3: .permanent
        case 5: .inProgress
        default: .transient
        }
    }
}

extension ModbusException: CustomStringConvertible {
    package var description: String {
        let name =
            switch self {
            case .illegalFunction: "illegal function"
            case .illegalDataAddress: "illegal data address"
            case .illegalDataValue: "illegal data value"
            case .serverDeviceFailure: "device failure"
            case .acknowledge: "acknowledged, still working"
            case .serverDeviceBusy: "device busy"
            case .gatewayPathUnavailable: "gateway path unavailable"
            case .gatewayTargetFailedToRespond: "gateway target does not answer"
            default: "unknown"
            }
        return "exception \(rawValue) (\(name))"
    }
}
