import Modbus

/// A Modbus TCP frame: the MBAP header and a protocol data unit, as the server side sends and
/// receives it (MODBUS Messaging on TCP/IP Implementation Guide V1.0b, clause 3.1.3).
package struct ModbusTCPFrame: ModbusFrame {
    package var transactionID: UInt16
    package var protocolID: UInt16 = 0
    /// The length field; nil for the true one.
    package var statedLength: UInt16?
    package var unit: UInt8
    package var pdu: [UInt8]

    package static let headerLength = 7
    /// The length field counts the unit and the PDU: 2 to 254.
    package static let lengths = 2...PDU.maximumLength + 1

    package init(transactionID: UInt16, unit: UInt8, pdu: [UInt8]) {
        self.transactionID = transactionID
        self.unit = unit
        self.pdu = pdu
    }

    package func answer(_ pdu: [UInt8]) -> ModbusTCPFrame {
        ModbusTCPFrame(transactionID: transactionID, unit: unit, pdu: pdu)
    }

    package mutating func corruptEnvelope(_ fault: WireFault) {
        switch fault {
        case .wrongTransactionID: transactionID &+= 1
        case .wrongProtocolID: protocolID = 1
        case .wrongLength(let excess): statedLength = UInt16(pdu.count + 1) &+ excess
        default: break
        }
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerLength + pdu.count)
        bytes.append(bigEndian: transactionID)
        bytes.append(bigEndian: protocolID)
        bytes.append(bigEndian: statedLength ?? UInt16(pdu.count + 1))
        bytes.append(unit)
        bytes += pdu
        return bytes
    }
}

/// Cuts a stream of bytes into frames, wherever the segments of the connection end.
package struct ModbusTCPDecoder: Hashable, Sendable {
    /// What was received and is not yet a frame: after ``next()`` less than one frame.
    private var buffer: [UInt8] = []

    package enum Unit: Hashable, Sendable {
        case frame(ModbusTCPFrame)
        /// A complete frame of another protocol: it is passed over without an answer (guide, clause
        /// 4.4.2.1).
        case foreign(protocolID: UInt16)
        /// No frame has this length: where the next one begins cannot be known, and the connection
        /// must be closed.
        case unreadable(length: UInt16)
    }

    package init() {}

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// The next unit of the stream; nil until more bytes have come.
    package mutating func next() -> Unit? {
        guard buffer.count >= ModbusTCPFrame.headerLength - 1 else { return nil }
        let length = word(at: 4)
        guard ModbusTCPFrame.lengths.contains(Int(length)) else {
            buffer = []
            return .unreadable(length: length)
        }
        let end = ModbusTCPFrame.headerLength - 1 + Int(length)
        guard buffer.count >= end else { return nil }
        defer { buffer.removeFirst(end) }
        let protocolID = word(at: 2)
        guard protocolID == 0 else { return .foreign(protocolID: protocolID) }
        return .frame(
            ModbusTCPFrame(
                transactionID: word(at: 0), unit: buffer[6],
                pdu: Array(buffer[ModbusTCPFrame.headerLength..<end])))
    }

    private func word(at index: Int) -> UInt16 {
        UInt16(buffer[index]) << 8 | UInt16(buffer[index + 1])
    }
}
