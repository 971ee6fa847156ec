import Modbus

/// Modbus TCP frames as a client sends and judges them: seven bytes of header (MBAP), then the PDU.
///
/// Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, clause 3.1.3.
enum TCPFrame {
    static let headerLength = 7

    static func encode(_ request: ModbusRequest, transactionID: UInt16) -> [UInt8] {
        let pdu = PDU.encode(request.operation)
        var frame: [UInt8] = []
        frame.reserveCapacity(headerLength + pdu.count)
        frame.append(bigEndian: transactionID)
        frame.append(bigEndian: 0)
        frame.append(bigEndian: UInt16(pdu.count + 1))
        frame.append(request.unit)
        frame += pdu
        return frame
    }

    /// The answer in a frame, if the frame is the answer to this very request (requirement R5).
    ///
    /// - Throws: `.exception` when the unit refused the request, else `.malformed`.
    static func decode(
        _ frame: ArraySlice<UInt8>, to request: ModbusRequest, transactionID: UInt16
    ) throws(ModbusError) -> ModbusResponse {
        guard frame.count > headerLength else {
            throw .malformed(.length(UInt16(frame.count)))
        }
        let length = try checkedLength(frame, to: request, transactionID: transactionID)
        guard Int(length) == frame.count - headerLength + 1 else {
            throw .malformed(.length(length))
        }
        return try PDU.decodeResponse(frame.dropFirst(headerLength), to: request.operation)
    }

    /// What is wrong with a frame that announces more bytes than a frame may have.
    static func fault(
        inHead frame: ArraySlice<UInt8>, to request: ModbusRequest, transactionID: UInt16
    ) -> ModbusError {
        do {
            _ = try checkedLength(frame, to: request, transactionID: transactionID)
        } catch {
            return error
        }
        let announced = frame.dropFirst(headerLength + 1).first ?? 0
        return .malformed(
            .byteCount(expected: PDU.dataLength(of: request.operation), received: Int(announced)))
    }

    /// Checks the header and returns its length field, which the caller holds against the frame.
    private static func checkedLength(
        _ frame: ArraySlice<UInt8>, to request: ModbusRequest, transactionID: UInt16
    ) throws(ModbusError) -> UInt16 {
        let head = [UInt8](frame.prefix(headerLength))
        let received = word(head, at: 0)
        guard received == transactionID else {
            throw .malformed(.transactionID(expected: transactionID, received: received))
        }
        let protocolID = word(head, at: 2)
        guard protocolID == 0 else { throw .malformed(.protocolID(protocolID)) }
        guard head[6] == request.unit else {
            throw .malformed(.unit(expected: request.unit, received: head[6]))
        }
        return word(head, at: 4)
    }

    private static func word(_ bytes: [UInt8], at index: Int) -> UInt16 {
        UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }
}
