import Modbus
import Testing

@testable import LibmodbusBus

/// Frames and checksums from outside: the serial line guide V1.02 and the catalogue of CRC algorithms.
struct RTUFrameTests {
    @Test func checksumIsTheOneOfTheCatalogue() {
        // CRC-16/MODBUS: the check value of "123456789".
        #expect(RTUFrame.checksum(of: Array("123456789".utf8)[...]) == 0x4B37)
        // Guide, clause 6.2.2: 02 07 has the checksum 0x1241, and 0x41 goes first.
        #expect(RTUFrame.checksum(of: [0x02, 0x07]) == 0x1241)
        #expect(RTUFrame.checksum(of: []) == 0xFFFF)
    }

    @Test(
        arguments: [
            (
                ModbusRequest(
                    unit: 0x11, operation: .readHoldingRegisters(address: 0x6B, count: 3)),
                [0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87]
            ),
            (
                ModbusRequest(unit: 0x01, operation: .readHoldingRegisters(address: 0, count: 10)),
                [0x01, 0x03, 0x00, 0x00, 0x00, 0x0A, 0xC5, 0xCD]
            ),
            (
                ModbusRequest(unit: 0x11, operation: .writeSingleCoil(address: 0xAC, isOn: true)),
                [0x11, 0x05, 0x00, 0xAC, 0xFF, 0x00, 0x4E, 0x8B]
            ),
            (
                ModbusRequest(unit: 0x11, operation: .writeSingleRegister(address: 1, value: 3)),
                [0x11, 0x06, 0x00, 0x01, 0x00, 0x03, 0x9A, 0x9B]
            ),
            (
                ModbusRequest(
                    unit: 0x11, operation: .writeMultipleRegisters(address: 1, values: [10, 258])),
                [0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02, 0xC6, 0xF0]
            ),
        ] as [(ModbusRequest, [UInt8])])
    func requestsAreFramedAsOthersFrameThem(request: ModbusRequest, frame: [UInt8]) {
        #expect(RTUFrame.encode(request) == frame)
        #expect(RTUFrame.isIntact(frame[...]))
    }

    @Test("R05 a frame with any one bit changed is not intact")
    func changedFrameIsNotIntact() {
        let frame: [UInt8] = [0x01, 0x04, 0x02, 0xFF, 0xFF, 0xB8, 0x80]
        #expect(RTUFrame.isIntact(frame[...]))
        for bit in 0..<frame.count * 8 {
            var changed = frame
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(!RTUFrame.isIntact(changed[...]))
        }
        for length in 0..<frame.count { #expect(!RTUFrame.isIntact(frame.prefix(length))) }
    }

    @Test func theLengthOfAnAnswerFollowsFromItsHead() {
        #expect(RTUFrame.answerLength([1, 3, 250]) == 255)
        #expect(RTUFrame.answerLength([1, 0x83, 2]) == 5)
        #expect(RTUFrame.answerLength([1, 6, 0]) == 8)
        #expect(RTUFrame.answerLength([9, 9, 1, 0x10, 0][2...]) == 8)
    }
}
