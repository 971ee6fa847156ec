/// The Modbus application layer as values: what is asked, what is answered, and how both look as
/// bytes of a protocol data unit (PDU).
///
/// This target owns requests, responses, exceptions and the port through which the shell carries
/// them out. It knows no framing (MBAP, CRC), no socket and no register meaning.
///
/// Source: MODBUS Application Protocol Specification V1.1b3, clauses 4 and 6.

/// One request to one unit on a bus.
package struct ModbusRequest: Hashable, Codable, Sendable {
    /// The address of the device on the bus (0 to 255). Over TCP, 0 and 255 are ordinary units.
    package var unit: UInt8
    package var operation: ModbusOperation

    package init(unit: UInt8, operation: ModbusOperation) {
        self.unit = unit
        self.operation = operation
    }
}

/// The operations that wallboxes need.
package enum ModbusOperation: Hashable, Codable, Sendable {
    /// Function 1. `count` is 1 to 2,000.
    case readCoils(address: UInt16, count: UInt16)
    /// Function 2. `count` is 1 to 2,000.
    case readDiscreteInputs(address: UInt16, count: UInt16)
    /// Function 3. `count` is 1 to 125.
    case readHoldingRegisters(address: UInt16, count: UInt16)
    /// Function 4. `count` is 1 to 125.
    case readInputRegisters(address: UInt16, count: UInt16)
    /// Function 5.
    case writeSingleCoil(address: UInt16, isOn: Bool)
    /// Function 6.
    case writeSingleRegister(address: UInt16, value: UInt16)
    /// Function 16. 1 to 123 values.
    case writeMultipleRegisters(address: UInt16, values: [UInt16])

    /// The largest number of registers in one read (specification, clause 6.3).
    package static let maximumReadCount = 125
    /// The largest number of coils or discrete inputs in one read (specification, clause 6.1).
    package static let maximumBitReadCount = 2_000
    /// The largest number of registers in one write (specification, clause 6.12).
    package static let maximumWriteCount = 123

    package var functionCode: UInt8 {
        switch self {
        case .readCoils: 0x01
        case .readDiscreteInputs: 0x02
        case .readHoldingRegisters: 0x03
        case .readInputRegisters: 0x04
        case .writeSingleCoil: 0x05
        case .writeSingleRegister: 0x06
        case .writeMultipleRegisters: 0x10
        }
    }

    package var address: UInt16 {
        switch self {
        case .readCoils(let address, _), .readDiscreteInputs(let address, _),
            .readHoldingRegisters(let address, _), .readInputRegisters(let address, _),
            .writeSingleCoil(let address, _), .writeSingleRegister(let address, _),
            .writeMultipleRegisters(let address, _):
            address
        }
    }

    /// How many registers, coils or discrete inputs are touched.
    package var count: Int {
        switch self {
        case .readCoils(_, let count), .readDiscreteInputs(_, let count),
            .readHoldingRegisters(_, let count), .readInputRegisters(_, let count):
            Int(count)
        case .writeSingleCoil, .writeSingleRegister: 1
        case .writeMultipleRegisters(_, let values): values.count
        }
    }

    package var isWrite: Bool {
        switch self {
        case .readCoils, .readDiscreteInputs, .readHoldingRegisters, .readInputRegisters: false
        case .writeSingleCoil, .writeSingleRegister, .writeMultipleRegisters: true
        }
    }

    /// Whether the specification allows this many registers, coils or inputs in one request.
    package var isWithinLimits: Bool {
        switch self {
        case .readCoils, .readDiscreteInputs: 1...Self.maximumBitReadCount ~= count
        case .readHoldingRegisters, .readInputRegisters: 1...Self.maximumReadCount ~= count
        case .writeSingleCoil, .writeSingleRegister: true
        case .writeMultipleRegisters: 1...Self.maximumWriteCount ~= count
        }
    }
}

/// What a unit answered to a request that it carried out.
package enum ModbusResponse: Hashable, Codable, Sendable {
    /// The registers of a read, as many as were asked for.
    case registers([UInt16])
    /// The coils or discrete inputs of a read, as many as were asked for.
    case bits([Bool])
    /// A write whose echo matched the request.
    case written
}

extension ModbusRequest: CustomStringConvertible {
    package var description: String {
        switch operation {
        case .readCoils(let address, let count):
            "unit \(unit): read \(count) coil\(count == 1 ? "" : "s") at \(address)"
        case .readDiscreteInputs(let address, let count):
            "unit \(unit): read \(count) discrete input\(count == 1 ? "" : "s") at \(address)"
        case .readHoldingRegisters(let address, let count):
            "unit \(unit): read \(count) holding register\(count == 1 ? "" : "s") at \(address)"
        case .readInputRegisters(let address, let count):
            "unit \(unit): read \(count) input register\(count == 1 ? "" : "s") at \(address)"
        case .writeSingleCoil(let address, let isOn):
            "unit \(unit): switch coil \(address) \(isOn ? "on" : "off")"
        case .writeSingleRegister(let address, let value):
            "unit \(unit): write \(value) to register \(address)"
        case .writeMultipleRegisters(let address, let values):
            "unit \(unit): write \(values) to registers at \(address)"
        }
    }
}
