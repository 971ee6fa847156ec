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
        case .readHoldingRegisters(_, let count), .readInputRegisters(_, let count):
            bytes.append(bigEndian: count)
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
        case .readHoldingRegisters, .readInputRegisters:
            guard let byteCount = body.first, Int(byteCount) == operation.count * 2 else {
                throw .malformed(
                    .byteCount(expected: operation.count * 2, received: Int(body.first ?? 0)))
            }
            return .registers(words(body.dropFirst()))
        case .writeSingleRegister(let address, let value):
            guard words(body) == [address, value] else { throw .malformed(.writeEcho) }
            return .written
        case .writeMultipleRegisters(let address, let values):
            guard words(body) == [address, UInt16(values.count)] else {
                throw .malformed(.writeEcho)
            }
            return .written
        }
    }

    /// The length of the normal answer to a request, in bytes.
    package static func expectedLength(of operation: ModbusOperation) -> Int {
        operation.isWrite ? 5 : 2 + operation.count * 2
    }

    // MARK: - The server's side

    /// Takes a request apart.
    ///
    /// - Returns: The operation, or the exception that a conforming server answers with:
    ///   1 for a function that we do not have, 3 for a count or length out of range.
    package static func decodeRequest(
        _ bytes: some RandomAccessCollection<UInt8>
    ) -> Result<ModbusOperation, ModbusException> {
        guard let function = bytes.first, [0x03, 0x04, 0x06, 0x10].contains(function) else {
            return .failure(.illegalFunction)
        }
        guard bytes.count >= 5 else { return .failure(.illegalDataValue) }
        let head = words(bytes.dropFirst().prefix(4))
        let (address, second) = (head[0], head[1])
        switch function {
        case 0x03, 0x04:
            guard bytes.count == 5, 1...ModbusOperation.maximumReadCount ~= Int(second) else {
                return .failure(.illegalDataValue)
            }
            return .success(
                function == 0x03
                    ? .readHoldingRegisters(address: address, count: second)
                    : .readInputRegisters(address: address, count: second))
        case 0x06:
            guard bytes.count == 5 else { return .failure(.illegalDataValue) }
            return .success(.writeSingleRegister(address: address, value: second))
        default:
            let data = bytes.dropFirst(5)
            guard 1...ModbusOperation.maximumWriteCount ~= Int(second),
                let byteCount = data.first, Int(byteCount) == Int(second) * 2,
                data.count == 1 + Int(byteCount)
            else { return .failure(.illegalDataValue) }
            return .success(
                .writeMultipleRegisters(address: address, values: words(data.dropFirst())))
        }
    }

    /// The bytes of the normal answer to a request.
    ///
    /// - Precondition: A read is answered with as many registers as were asked for.
    package static func encode(
        _ response: ModbusResponse, to operation: ModbusOperation
    ) -> [UInt8] {
        var bytes = [operation.functionCode]
        switch (response, operation) {
        case (.registers(let registers), .readHoldingRegisters),
            (.registers(let registers), .readInputRegisters):
            precondition(
                registers.count == operation.count,
                "\(registers.count) registers answer a read of \(operation.count)")
            bytes.append(UInt8(registers.count * 2))
            for register in registers { bytes.append(bigEndian: register) }
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
