import Modbus

/// Takes an input apart from its front. What is not there reads as zero, so that every input means
/// something.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

    mutating func integer() -> Int64 {
        (0..<8).reduce(0) { value, _ in value << 8 | Int64(byte()) }
    }

    /// At most so many bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func text(_ count: Int) -> String {
        String(decoding: bytes(count), as: UTF8.self)
    }

    /// A request that the agent could make.
    mutating func operation() -> ModbusOperation {
        let function = byte()
        let address = word()
        let second = word()
        return switch function % 7 {
        case 0: .readHoldingRegisters(address: address, count: second % 125 + 1)
        case 1: .readInputRegisters(address: address, count: second % 125 + 1)
        case 2: .readCoils(address: address, count: second % 2_000 + 1)
        case 3: .readDiscreteInputs(address: address, count: second % 2_000 + 1)
        case 4: .writeSingleRegister(address: address, value: second)
        case 5: .writeSingleCoil(address: address, isOn: second != 0)
        default:
            .writeMultipleRegisters(
                address: address, values: Array(repeating: second, count: Int(second % 123) + 1))
        }
    }
}
