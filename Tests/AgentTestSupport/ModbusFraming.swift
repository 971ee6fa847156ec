import Modbus

/// How a test peer frames unit and PDU.
package enum ModbusFraming: Sendable {
    case tcp
    case rtu

    /// The frame around a unit and a PDU.
    func frame(_ body: [UInt8], _ transactionID: UInt16) -> [UInt8] {
        switch self {
        case .tcp:
            var frame: [UInt8] = []
            frame.append(bigEndian: transactionID)
            frame.append(bigEndian: 0)
            frame.append(bigEndian: UInt16(body.count))
            return frame + body
        case .rtu:
            let checksum = Self.checksum(body)
            return body + [UInt8(checksum & 0xFF), UInt8(checksum >> 8)]
        }
    }

    /// The next request of a stream of bytes.
    ///
    /// - Parameter receive: Gives exactly so many bytes; nil at the end of the stream.
    func request(
        _ receive: (Int) -> [UInt8]?
    ) -> (transactionID: UInt16, request: ModbusRequest)? {
        switch self {
        case .tcp:
            guard let head = receive(7) else { return nil }
            let length = Int(head[4]) << 8 | Int(head[5])
            guard 2...254 ~= length, let pdu = receive(length - 1),
                case .success(let operation) = PDU.decodeRequest(pdu)
            else { return nil }
            return (
                UInt16(head[0]) << 8 | UInt16(head[1]),
                ModbusRequest(unit: head[6], operation: operation)
            )
        case .rtu:
            // No request is shorter than eight bytes; one that writes several values tells how many.
            guard var frame = receive(8) else { return nil }
            if frame[1] == 0x10 {
                guard let rest = receive(1 + Int(frame[6])) else { return nil }
                frame += rest
            }
            let body = Array(frame.dropLast(2))
            guard self.frame(body, 0) == frame,
                case .success(let operation) = PDU.decodeRequest(body.dropFirst())
            else { return nil }
            return (0, ModbusRequest(unit: frame[0], operation: operation))
        }
    }

    /// CRC-16 as the serial line guide describes it (V1.02, clause 6.2.2).
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        bytes.reduce(UInt16.max) { checksum, byte in
            (0..<8).reduce(checksum ^ UInt16(byte)) { shifted, _ in
                shifted & 1 == 1 ? shifted >> 1 ^ 0xA001 : shifted >> 1
            }
        }
    }
}
