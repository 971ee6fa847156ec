import ChargeModel
import Modbus

extension DeviceProfile {
    package subscript(id: RegisterID) -> Register { registers[id.rawValue] }

    /// Every register with this meaning, in the order of the file; several tell it, or one reads
    /// it and another takes it.
    package func registers(measuring quantity: MeasuredQuantity) -> [RegisterID] {
        registers.indices.filter { registers[$0].quantity == quantity }.map { RegisterID($0) }
    }

    /// The register of this name in the file.
    package func register(named name: String) -> RegisterID? {
        registers.firstIndex { $0.name == name }.map { RegisterID($0) }
    }

    /// The text of a value; nil when it is none.
    package func text(of value: DecodedValue, in id: RegisterID) -> String? {
        registers[id.rawValue].text(of: value)
    }

    /// Takes the answer to the read of one block apart.
    ///
    /// - Parameter words: What was read; for a block of bits, 0 or 1 for each.
    /// - Precondition: `words` are as many as the block counts, which the bus has checked
    ///   (requirement R5), and `values` belong to this profile.
    package func decode(
        _ words: [UInt16], of block: ReadBlock, into values: inout RegisterValues
    ) {
        precondition(
            words.count == Int(block.count),
            "\(words.count) registers answer a block of \(block.count) at \(block.address)")
        for entry in block.entries {
            let width = registers[entry.register.rawValue].width
            let value = registers[entry.register.rawValue]
                .decode(words[entry.offset..<entry.offset + width])
            values[entry.register, entry.element] = value
        }
    }
}

extension ReadBlock {
    /// The request that reads the block.
    package var operation: ModbusOperation {
        switch space {
        case .holding: .readHoldingRegisters(address: address, count: count)
        case .input: .readInputRegisters(address: address, count: count)
        case .coil: .readCoils(address: address, count: count)
        case .discrete: .readDiscreteInputs(address: address, count: count)
        }
    }
}

extension Register {
    /// The request that reads one element, and nothing else.
    package func readOperation(ofElement element: Int = 0) -> ModbusOperation {
        ReadBlock(
            unit: unit, space: space, address: address(ofElement: element),
            count: UInt16(width), poll: poll, entries: []
        ).operation
    }
}
