/// The Modbus application layer as values: what is asked, what is answered, and how both look as
/// bytes of a protocol data unit (PDU).
///
/// This target owns requests, responses, exceptions and the port through which the shell carries
/// them out. It knows no framing (MBAP, CRC), no socket and no register meaning.
///
/// Source: MODBUS Application Protocol Specification V1.1b3, clauses 4 and 6.

/// One request to one unit on a bus.
package struct ModbusRequest: Hashable, Sendable {
    /// The address of the device on the bus (0 to 255). Over TCP, 0 and 255 are ordinary units.
    package var unit: UInt8
    package var operation: ModbusOperation

    package init(unit: UInt8, operation: ModbusOperation) {
        self.unit = unit
        self.operation = operation
    }
}

/// The four register operations that wallboxes need.
///
/// Coils and discrete inputs are left out until a profile needs them: libmodbus 3.1.6 has an open
/// heap overflow in reading them.
package enum ModbusOperation: Hashable, Sendable {
    /// Function 3. `count` is 1 to 125.
    case readHoldingRegisters(address: UInt16, count: UInt16)
    /// Function 4. `count` is 1 to 125.
    case readInputRegisters(address: UInt16, count: UInt16)
    /// Function 6.
    case writeSingleRegister(address: UInt16, value: UInt16)
    /// Function 16. 1 to 123 values.
    case writeMultipleRegisters(address: UInt16, values: [UInt16])

    /// The largest number of registers in one read (specification, clause 6.3).
    package static let maximumReadCount = 125
    /// The largest number of registers in one write (specification, clause 6.12).
    package static let maximumWriteCount = 123

    package var functionCode: UInt8 {
        switch self {
        case .readHoldingRegisters: 0x03
        case .readInputRegisters: 0x04
        case .writeSingleRegister: 0x06
        case .writeMultipleRegisters: 0x10
        }
    }

    package var address: UInt16 {
        switch self {
        case .readHoldingRegisters(let address, _), .readInputRegisters(let address, _),
            .writeSingleRegister(let address, _), .writeMultipleRegisters(let address, _):
            address
        }
    }

    /// How many registers are touched.
    package var count: Int {
        switch self {
        case .readHoldingRegisters(_, let count), .readInputRegisters(_, let count): Int(count)
        case .writeSingleRegister: 1
        case .writeMultipleRegisters(_, let values): values.count
        }
    }

    package var isWrite: Bool {
        switch self {
        case .readHoldingRegisters, .readInputRegisters: false
        case .writeSingleRegister, .writeMultipleRegisters: true
        }
    }
}

/// What a unit answered to a request that it carried out.
package enum ModbusResponse: Hashable, Sendable {
    /// The registers of a read, as many as were asked for.
    case registers([UInt16])
    /// A write whose echo matched the request.
    case written
}

extension ModbusRequest: CustomStringConvertible {
    package var description: String {
        switch operation {
        case .readHoldingRegisters(let address, let count):
            "unit \(unit): read \(count) holding register\(count == 1 ? "" : "s") at \(address)"
        case .readInputRegisters(let address, let count):
            "unit \(unit): read \(count) input register\(count == 1 ? "" : "s") at \(address)"
        case .writeSingleRegister(let address, let value):
            "unit \(unit): write \(value) to register \(address)"
        case .writeMultipleRegisters(let address, let values):
            "unit \(unit): write \(values) to registers at \(address)"
        }
    }
}
