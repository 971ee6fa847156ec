/// Why a transaction has no usable answer.
package enum ModbusError: Error, Hashable, Codable, Sendable {
    /// No complete answer within the deadline.
    case timeout
    /// The unit refused the request.
    case exception(ModbusException)
    /// The link is not there: refused, reset, closed, or never opened. `errno` as the system gave it.
    case connectionLost(errno: Int32)
    /// The port cannot be opened: why, and what to do about it, for a person.
    case portUnusable(String)
    /// Bytes arrived that are not the answer to this request.
    case malformed(Malformation)
    /// The bus has been shut down; nothing will be carried out any more.
    case busShutDown

    /// What was wrong with a frame (requirement R5).
    package enum Malformation: Hashable, Codable, Sendable {
        case transactionID(expected: UInt16, received: UInt16)
        case protocolID(UInt16)
        case length(UInt16)
        case unit(expected: UInt8, received: UInt8)
        case functionCode(expected: UInt8, received: UInt8)
        case byteCount(expected: Int, received: Int)
        case writeEcho
        case checksum
        /// Bytes were waiting before the request was sent.
        case unsolicitedBytes
    }

    /// Whether the same request may be tried again with a chance of success.
    package var isWorthRetrying: Bool {
        switch self {
        case .timeout, .connectionLost, .portUnusable, .malformed: true
        case .exception(let exception): exception.handling != .permanent
        case .busShutDown: false
        }
    }

    /// Whether there was no clean answer, so that a late frame could be taken for the next one's
    /// (requirement R6): a link without other means must be closed and opened again.
    package var requiresReopening: Bool {
        switch self {
        case .timeout, .connectionLost, .portUnusable, .malformed: true
        case .exception, .busShutDown: false
        }
    }

    /// Whether a link with this recovery is closed now.
    package func closesLink(_ recovery: LinkRecovery) -> Bool {
        switch self {
        case .connectionLost, .portUnusable: true
        case .timeout, .malformed: recovery == .reopen
        case .exception, .busShutDown: false
        }
    }
}

extension ModbusError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .timeout: "no answer within the deadline"
        case .exception(let exception): "\(exception)"
        case .portUnusable(let reason): reason
        case .connectionLost(let errno): "connection lost (errno \(errno))"
        case .malformed(let malformation): "wrong answer: \(malformation)"
        case .busShutDown: "the bus is shut down"
        }
    }
}

extension ModbusError.Malformation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .transactionID(let expected, let received):
            "transaction id \(received) instead of \(expected)"
        case .protocolID(let id): "protocol id \(id) instead of 0"
        case .length(let length): "length field \(length)"
        case .unit(let expected, let received): "unit \(received) instead of \(expected)"
        case .functionCode(let expected, let received):
            "function code \(received) instead of \(expected)"
        case .byteCount(let expected, let received):
            "\(received) data bytes instead of \(expected)"
        case .writeEcho: "the write echo differs from what was written"
        case .checksum: "checksum"
        case .unsolicitedBytes: "bytes arrived that nobody asked for"
        }
    }
}
