import Modbus

/// Contents that tell where they were read: a value from another address, unit or table is recognised
/// as wrong. A coil or discrete input is one bit of such a value, so several together tell.
package enum RegisterPattern {
    package static func value(at address: UInt16, unit: UInt8, input: Bool) -> UInt16 {
        // Odd multiplier: no two addresses of a unit have the same value.
        (address &* 0x9E37) ^ (UInt16(unit) &* 0x0101) ^ (input ? 0x8000 : 0)
    }

    /// What a conforming unit with these contents answers.
    package static func response(to request: ModbusRequest) -> ModbusResponse {
        switch request.operation {
        case .readCoils(let address, let count):
            .bits(bits(at: address, count: count, unit: request.unit, discrete: false))
        case .readDiscreteInputs(let address, let count):
            .bits(bits(at: address, count: count, unit: request.unit, discrete: true))
        case .readHoldingRegisters(let address, let count):
            .registers(values(at: address, count: count, unit: request.unit, input: false))
        case .readInputRegisters(let address, let count):
            .registers(values(at: address, count: count, unit: request.unit, input: true))
        case .writeSingleCoil, .writeSingleRegister, .writeMultipleRegisters:
            .written
        }
    }

    private static func bits(
        at address: UInt16, count: UInt16, unit: UInt8, discrete: Bool
    ) -> [Bool] {
        (0..<count).map {
            value(at: address &+ $0, unit: unit, input: discrete).nonzeroBitCount % 2 == 1
        }
    }

    private static func values(
        at address: UInt16, count: UInt16, unit: UInt8, input: Bool
    ) -> [UInt16] {
        (0..<count).map { value(at: address &+ $0, unit: unit, input: input) }
    }
}
