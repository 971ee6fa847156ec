import Modbus
import WallboxModel

@testable import LibmodbusBus

/// The agent's role: what comes back for a request, as a frame of either kind or as a bare PDU. What is
/// taken for an answer must be, byte for byte, what the simulator's own coding makes of that answer.
enum ModbusReplies {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let kind = input.byte()
        let operation = input.operation()
        let unit = input.byte()
        let request = ModbusRequest(unit: unit, operation: operation)
        switch kind % 4 {
        case 0:
            let transactionID = input.word()
            try checkTCP(input.rest, to: request, transactionID: transactionID)
        case 1: try checkRTU(input.rest, to: request)
        case 2:
            // With a right checksum, which chance does not find.
            let body = [unit] + input.rest
            let sum = RTUFrame.checksum(of: body[...])
            try checkRTU((body + [UInt8(sum & 0xFF), UInt8(sum >> 8)])[...], to: request)
        default: try checkPDU(input.rest, to: operation)
        }
    }

    private static func checkTCP(
        _ frame: ArraySlice<UInt8>, to request: ModbusRequest, transactionID: UInt16
    ) throws {
        let head = frame.prefix(max(TCPFrame.headerLength, 8))
        if head.count >= TCPFrame.headerLength {
            _ = TCPFrame.fault(inHead: head, to: request, transactionID: transactionID)
        }
        let pdu = try answer(to: request.operation) { () throws(ModbusError) in
            try TCPFrame.decode(frame, to: request, transactionID: transactionID)
        }
        guard let pdu else { return }
        let witness = ModbusTCPFrame(
            transactionID: transactionID, unit: request.unit, pdu: pdu)
        try hold(
            isSame(witness.bytes, Array(frame), request.operation),
            "\(request): took \(frame) for \(witness.bytes)")
    }

    private static func checkRTU(_ frame: ArraySlice<UInt8>, to request: ModbusRequest) throws {
        if frame.count >= 3 {
            try hold(
                RTUFrame.minimumLength...260 ~= RTUFrame.answerLength(frame.prefix(3)),
                "an answer of \(RTUFrame.answerLength(frame.prefix(3))) bytes")
        }
        guard RTUFrame.isIntact(frame) else { return }
        let body = frame.dropLast(2)
        let sum = ModbusRTUFrame.checksum(of: body)
        try hold(
            frame.suffix(2).elementsEqual([UInt8(sum & 0xFF), UInt8(sum >> 8)]),
            "a wrong checksum is taken")
        try checkPDU(RTUFrame.pdu(frame), to: request.operation)
    }

    private static func checkPDU(
        _ pdu: ArraySlice<UInt8>, to operation: ModbusOperation
    ) throws {
        let witness = try answer(to: operation) { () throws(ModbusError) in
            try PDU.decodeResponse(pdu, to: operation)
        }
        guard let witness else { return }
        try hold(
            isSame(witness, Array(pdu), operation), "\(operation): took \(pdu) for \(witness)")
    }

    /// What the server's side sends for what was decoded; nil where nothing was taken.
    private static func answer(
        to operation: ModbusOperation, _ decode: () throws(ModbusError) -> ModbusResponse
    ) throws -> [UInt8]? {
        let response: ModbusResponse
        do throws(ModbusError) {
            response = try decode()
        } catch {
            switch error {
            case .exception(let exception):
                return PDU.encode(exception, functionCode: operation.functionCode)
            case .malformed: return nil
            case .timeout, .connectionLost, .portUnusable, .busShutDown: throw error
            }
        }
        switch response {
        case .registers(let registers):
            try hold(registers.count == operation.count, "\(registers.count) registers")
        case .bits(let bits): try hold(bits.count == operation.count, "\(bits.count) bits")
        case .written: try hold(operation.isWrite, "a read was written")
        }
        return PDU.encode(response, to: operation)
    }

    /// What fills the last byte of bits up means nothing.
    private static func isSame(
        _ witness: [UInt8], _ bytes: [UInt8], _ operation: ModbusOperation
    ) -> Bool {
        guard witness != bytes else { return true }
        guard [0x01, 0x02].contains(operation.functionCode), operation.count % 8 != 0 else {
            return false
        }
        let spare = UInt8(truncatingIfNeeded: 0xFF << (operation.count % 8))
        return witness.count == bytes.count && witness.dropLast().elementsEqual(bytes.dropLast())
            && (witness.last ?? 0) == (bytes.last ?? 0) & ~spare
    }
}
