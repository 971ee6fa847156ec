import Modbus

/// Modbus RTU frames as a client sends and judges them: the unit, the PDU, a checksum.
///
/// Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, clauses 2.5.1 and
/// 6.2.2.
enum RTUFrame {
    /// The units that may be asked. 0 is everybody, and nobody answers to it (clause 2.2).
    static let units: ClosedRange<UInt8> = 1...247
    /// Unit, exception, code and checksum.
    static let minimumLength = 5

    static func encode(_ request: ModbusRequest) -> [UInt8] {
        var frame = [request.unit] + PDU.encode(request.operation)
        let checksum = checksum(of: frame[...])
        frame.append(UInt8(checksum & 0xFF))
        frame.append(UInt8(checksum >> 8))
        return frame
    }

    /// The length of an answer by its first three bytes, as libmodbus reads it.
    static func answerLength(_ head: ArraySlice<UInt8>) -> Int {
        let (function, count) = (head[head.startIndex + 1], head[head.startIndex + 2])
        return switch function {
        case 0x00...0x04, 0x11, 0x17: 5 + Int(count)
        case 0x05, 0x06, 0x0F, 0x10: 8
        case 0x16: 10
        default: minimumLength
        }
    }

    /// Whether a frame is what was sent, whoever sent it. To be asked before anything in the frame is
    /// believed, its unit included.
    static func isIntact(_ frame: ArraySlice<UInt8>) -> Bool {
        guard frame.count >= minimumLength else { return false }
        let received = UInt16(frame[frame.endIndex - 2]) | UInt16(frame[frame.endIndex - 1]) << 8
        return checksum(of: frame.dropLast(2)) == received
    }

    /// The PDU of an intact frame.
    static func pdu(_ frame: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        frame.dropFirst().dropLast(2)
    }

    /// CRC-16 with the polynomial 0xA001, the low byte first on the wire (clause 6.2.2).
    static func checksum(of bytes: ArraySlice<UInt8>) -> UInt16 {
        var checksum: UInt16 = 0xFFFF
        for byte in bytes {
            checksum ^= UInt16(byte)
            for _ in 0..<8 {
                let isOdd = checksum & 1 == 1
                checksum >>= 1
                if isOdd { checksum ^= 0xA001 }
            }
        }
        return checksum
    }
}
