import Modbus

/// A Modbus RTU frame: the unit, a protocol data unit and a checksum (MODBUS over Serial Line
/// Specification and Implementation Guide V1.02, clause 2.5.1).
package struct ModbusRTUFrame: ModbusFrame {
    package var unit: UInt8
    package var pdu: [UInt8]
    /// What the checksum differs by from the right one.
    package var checksumError: UInt16 = 0

    package init(unit: UInt8, pdu: [UInt8]) {
        self.unit = unit
        self.pdu = pdu
    }

    package var bytes: [UInt8] {
        let body = [unit] + pdu
        let checksum = Self.checksum(of: body) ^ checksumError
        return body + [UInt8(checksum & 0xFF), UInt8(checksum >> 8)]
    }

    package func answer(_ pdu: [UInt8]) -> ModbusRTUFrame {
        ModbusRTUFrame(unit: unit, pdu: pdu)
    }

    package mutating func corruptEnvelope(_ fault: WireFault) {
        if fault == .wrongChecksum { checksumError = 0x1000 }
    }

    /// CRC-16 (guide, clause 6.2.2), a byte at a time.
    package static func checksum(of bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0xFFFF) { checksum, byte in
            checksum >> 8 ^ table[Int((checksum ^ UInt16(byte)) & 0xFF)]
        }
    }

    /// What each value of the low byte does to the rest.
    private static let table: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index)) { value, _ in
            value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xA001
        }
    }
}

/// Cuts what arrives on a line into requests.
///
/// Where a request ends follows from its function; a function of unknown length, and everything that
/// is broken, ends when the line falls silent.
package struct ModbusRTUDecoder: Hashable, Sendable {
    /// What was received and is not yet a frame.
    private var buffer: [UInt8] = []
    /// Whether everything up to the next silence is broken.
    private var isBroken = false

    /// The longest frame (guide, clause 2.5.1).
    private static let maximumLength = 256

    package init() {}

    /// Whether something waits for more, or for the silence.
    package var isInFrame: Bool { !buffer.isEmpty || isBroken }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        guard !isBroken else { return }
        buffer.append(contentsOf: bytes)
    }

    /// The next request that has come in full; nil until more bytes have come.
    package mutating func next() -> ModbusRTUFrame? {
        guard let length = requestLength, buffer.count >= length else {
            if buffer.count > Self.maximumLength { giveUp() }
            return nil
        }
        guard let frame = Self.frame(buffer.prefix(length)) else {
            giveUp()
            return nil
        }
        buffer.removeFirst(length)
        return frame
    }

    /// Nothing has come for longer than within a frame: what is there is a frame as a whole, or none.
    package mutating func lineFellSilent() -> ModbusRTUFrame? {
        defer {
            buffer = []
            isBroken = false
        }
        return isBroken ? nil : Self.frame(buffer[...])
    }

    private mutating func giveUp() {
        buffer = []
        isBroken = true
    }

    /// nil while it is not known.
    private var requestLength: Int? {
        guard buffer.count >= 2 else { return nil }
        switch buffer[1] {
        case 0x01...0x06: return 8
        case 0x0F, 0x10: return buffer.count >= 7 ? 9 + Int(buffer[6]) : nil
        default: return nil
        }
    }

    private static func frame(_ bytes: ArraySlice<UInt8>) -> ModbusRTUFrame? {
        guard bytes.count >= 4, bytes.count <= maximumLength, let unit = bytes.first else {
            return nil
        }
        let frame = ModbusRTUFrame(unit: unit, pdu: Array(bytes.dropFirst().dropLast(2)))
        return frame.bytes == Array(bytes) ? frame : nil
    }
}
