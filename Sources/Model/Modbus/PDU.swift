/// Bytes of protocol data units (specification, clause 6): function code and data, without framing.
package enum PDU {
    /// The longest PDU (specification, clause 4.1).
    package static let maximumLength = 253

    // MARK: - The client's side

    /// The bytes of a request.
    ///
    /// - Precondition: At most 127 values are written: their byte count must fit its field.
    package static func encode(_ operation: ModbusOperation) -> [UInt8] {
        var bytes = [operation.functionCode]
        bytes.append(bigEndian: operation.address)
        switch operation {
        case .readCoils(_, let count), .readDiscreteInputs(_, let count),
            .readHoldingRegisters(_, let count), .readInputRegisters(_, let count):
            bytes.append(bigEndian: count)
        case .writeSingleCoil(_, let isOn):
            bytes.append(bigEndian: coilValue(isOn))
        case .writeSingleRegister(_, let value):
            bytes.append(bigEndian: value)
        case .writeMultipleRegisters(_, let values):
            precondition(values.count <= 127, "\(values.count) values do not fit one write")
            bytes.append(bigEndian: UInt16(values.count))
            bytes.append(UInt8(values.count * 2))
            for value in values { bytes.append(bigEndian: value) }
        }
        return bytes
    }

    /// Takes the answer to a request apart, and takes nothing that does not belong to it: function
    /// code, byte count, write echo (requirement R5).
    package static func decodeResponse(
        _ bytes: some RandomAccessCollection<UInt8>, to operation: ModbusOperation
    ) throws(ModbusError) -> ModbusResponse {
        guard let function = bytes.first else {
            throw .malformed(.byteCount(expected: expectedLength(of: operation), received: 0))
        }
        if function == operation.functionCode | 0x80 {
            guard bytes.count == 2, let code = bytes.last else {
                throw .malformed(.byteCount(expected: 2, received: bytes.count))
            }
            throw .exception(ModbusException(rawValue: code))
        }
        guard function == operation.functionCode else {
            throw .malformed(
                .functionCode(expected: operation.functionCode, received: function))
        }
        guard bytes.count == expectedLength(of: operation) else {
            throw .malformed(
                .byteCount(expected: expectedLength(of: operation), received: bytes.count))
        }
        let body = bytes.dropFirst()
        switch operation {
        case .readCoils, .readDiscreteInputs:
            return .bits(bits(try checkedData(body, of: operation), count: operation.count))
        case .readHoldingRegisters, .readInputRegisters:
            return .registers(words(try checkedData(body, of: operation)))
        case .writeSingleCoil(let address, let isOn):
            return try checkedEcho(body, [address, coilValue(isOn)])
        case .writeSingleRegister(let address, let value):
            return try checkedEcho(body, [address, value])
        case .writeMultipleRegisters(let address, let values):
            return try checkedEcho(body, [address, UInt16(values.count)])
        }
    }

    /// The data of a read's answer behind its byte count, which must be the one expected.
    private static func checkedData<Bytes: RandomAccessCollection<UInt8>>(
        _ body: Bytes, of operation: ModbusOperation
    ) throws(ModbusError) -> Bytes.SubSequence {
        let expected = dataLength(of: operation)
        let stated = Int(body.first ?? 0)
        guard stated == expected else {
            throw .malformed(.byteCount(expected: expected, received: stated))
        }
        return body.dropFirst()
    }

    private static func checkedEcho(
        _ body: some RandomAccessCollection<UInt8>, _ expected: [UInt16]
    ) throws(ModbusError) -> ModbusResponse {
        guard words(body) == expected else { throw .malformed(.writeEcho) }
        return .written
    }

    /// The length of the normal answer to a request, in bytes.
    package static func expectedLength(of operation: ModbusOperation) -> Int {
        operation.isWrite ? 5 : 2 + dataLength(of: operation)
    }

    /// How many bytes of data the answer to a read has: its byte count. 0 for a write.
    package static func dataLength(of operation: ModbusOperation) -> Int {
        switch operation {
        case .readCoils, .readDiscreteInputs: (operation.count + 7) / 8
        case .readHoldingRegisters, .readInputRegisters: operation.count * 2
        case .writeSingleCoil, .writeSingleRegister, .writeMultipleRegisters: 0
        }
    }

    // MARK: - The server's side

    /// Takes a request apart.
    ///
    /// - Returns: The operation, or the exception that a conforming server answers with:
    ///   1 for a function that we do not have, 3 for a count or length out of range.
    package static func decodeRequest(
        _ bytes: some RandomAccessCollection<UInt8>
    ) -> Result<ModbusOperation, ModbusException> {
        guard let function = bytes.first, functions.contains(function) else {
            return .failure(.illegalFunction)
        }
        guard bytes.count >= 5 else { return .failure(.illegalDataValue) }
        let head = words(bytes.dropFirst().prefix(4))
        let (address, second) = (head[0], head[1])
        guard function != 0x10 else {
            return writeMultiple(at: address, count: Int(second), bytes.dropFirst(5))
        }
        guard bytes.count == 5 else { return .failure(.illegalDataValue) }
        let operation: ModbusOperation? =
            switch function {
            case 0x01: .readCoils(address: address, count: second)
            case 0x02: .readDiscreteInputs(address: address, count: second)
            case 0x03: .readHoldingRegisters(address: address, count: second)
            case 0x04: .readInputRegisters(address: address, count: second)
            case 0x05 where second == coilValue(true):
                .writeSingleCoil(address: address, isOn: true)
            case 0x05 where second == coilValue(false):
                .writeSingleCoil(address: address, isOn: false)
            case 0x06: .writeSingleRegister(address: address, value: second)
            default: nil
            }
        guard let operation, operation.isWithinLimits else { return .failure(.illegalDataValue) }
        return .success(operation)
    }

    /// The functions that a request may have.
    private static let functions: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10]

    private static func writeMultiple(
        at address: UInt16, count: Int, _ data: some RandomAccessCollection<UInt8>
    ) -> Result<ModbusOperation, ModbusException> {
        guard 1...ModbusOperation.maximumWriteCount ~= count,
            let byteCount = data.first, Int(byteCount) == count * 2,
            data.count == 1 + Int(byteCount)
        else { return .failure(.illegalDataValue) }
        return .success(.writeMultipleRegisters(address: address, values: words(data.dropFirst())))
    }

    /// The bytes of the normal answer to a request.
    ///
    /// - Precondition: A read is answered with as many registers or bits as were asked for.
    package static func encode(
        _ response: ModbusResponse, to operation: ModbusOperation
    ) -> [UInt8] {
        var bytes = [operation.functionCode]
        switch (response, operation) {
        case (.bits(let bits), .readCoils), (.bits(let bits), .readDiscreteInputs):
            precondition(
                bits.count == operation.count,
                "\(bits.count) bits answer a read of \(operation.count)")
            bytes.append(UInt8(dataLength(of: operation)))
            bytes += Self.bytes(bits)
        case (.registers(let registers), .readHoldingRegisters),
            (.registers(let registers), .readInputRegisters):
            precondition(
                registers.count == operation.count,
                "\(registers.count) registers answer a read of \(operation.count)")
            bytes.append(UInt8(registers.count * 2))
            for register in registers { bytes.append(bigEndian: register) }
        case (.written, .writeSingleCoil(let address, let isOn)):
            bytes.append(bigEndian: address)
            bytes.append(bigEndian: coilValue(isOn))
        case (.written, .writeSingleRegister(let address, let value)):
            bytes.append(bigEndian: address)
            bytes.append(bigEndian: value)
        case (.written, .writeMultipleRegisters(let address, let values)):
            bytes.append(bigEndian: address)
            bytes.append(bigEndian: UInt16(values.count))
        default:
            preconditionFailure("\(response) does not answer \(operation)")
        }
        return bytes
    }

    /// The bytes of an exception answer to a request with this function code.
    package static func encode(
        _ exception: ModbusException, functionCode: UInt8
    ) -> [UInt8] {
        [functionCode | 0x80, exception.rawValue]
    }

    // MARK: - Bits

    /// How a coil's state is written (specification, clause 6.5); other values are illegal.
    private static func coilValue(_ isOn: Bool) -> UInt16 { isOn ? 0xFF00 : 0x0000 }

    /// The first `count` bits, the first in the least significant bit of the first byte
    /// (specification, clause 6.1). What fills the last byte up means nothing: it should be zero,
    /// and not every unit keeps to that.
    private static func bits(_ bytes: some RandomAccessCollection<UInt8>, count: Int) -> [Bool] {
        var bits: [Bool] = []
        bits.reserveCapacity(bytes.count * 8)
        for byte in bytes {
            for place in 0..<8 { bits.append(byte >> UInt8(place) & 1 == 1) }
        }
        return Array(bits.prefix(count))
    }

    private static func bytes(_ bits: [Bool]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
        for (index, bit) in bits.enumerated() where bit { bytes[index / 8] |= 1 << (index % 8) }
        return bytes
    }

    // MARK: - Words

    private static func words(_ bytes: some RandomAccessCollection<UInt8>) -> [UInt16] {
        var words: [UInt16] = []
        words.reserveCapacity(bytes.count / 2)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let next = bytes.index(after: index)
            guard next < bytes.endIndex else { break }
            words.append(UInt16(bytes[index]) << 8 | UInt16(bytes[next]))
            index = bytes.index(after: next)
        }
        return words
    }
}

extension [UInt8] {
    package mutating func append(bigEndian word: UInt16) {
        append(UInt8(word >> 8))
        append(UInt8(word & 0xFF))
    }
}
