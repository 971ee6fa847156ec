import Modbus

/// A frame as the server's side sends and receives it: a unit and a protocol data unit, and what goes
/// around them on this kind of wire.
package protocol ModbusFrame: Hashable, Sendable {
    var unit: UInt8 { get set }
    var pdu: [UInt8] { get set }
    var bytes: [UInt8] { get }

    /// The frame that answers this one.
    func answer(_ pdu: [UInt8]) -> Self

    /// Falsifies what only this kind of frame has; other faults change nothing.
    mutating func corruptEnvelope(_ fault: WireFault)
}

extension ModbusFrame {
    /// Falsifies one field.
    mutating func corrupt(_ fault: WireFault) {
        switch fault {
        case .wrongUnit: unit &+= 1
        case .wrongFunctionCode:
            if let function = pdu.first { pdu[0] = function == 0x03 ? 0x04 : 0x03 }
        case .wrongByteCount:
            if pdu.count > 1, 0x01...0x04 ~= pdu[0] { pdu[1] &+= 2 }
        case .wrongRegisterCount:
            guard pdu.count > 1, 0x01...0x04 ~= pdu[0] else { break }
            let excess: [UInt8] = pdu[0] < 0x03 ? [0] : [0, 7]
            pdu[1] &+= UInt8(excess.count)
            pdu += excess
        case .wrongEcho:
            if pdu.count == 5, [0x05, 0x06, 0x10].contains(pdu[0]) { pdu[4] &+= 1 }
        default: corruptEnvelope(fault)
        }
    }
}
