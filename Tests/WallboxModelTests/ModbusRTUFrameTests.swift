import ChargeModel
import Modbus
import Testing
import WallboxModel

/// The simulator's own framing for serial lines, with frames from outside.
@Suite struct ModbusRTUFrameTests {
    /// Of the serial line guide V1.02 and of the catalogue of CRC algorithms.
    @Test func checksumsAreThoseOfOthers() {
        #expect(ModbusRTUFrame.checksum(of: Array("123456789".utf8)) == 0x4B37)
        #expect(ModbusRTUFrame.checksum(of: [0x02, 0x07]) == 0x1241)
        #expect(
            ModbusRTUFrame(unit: 0x11, pdu: [0x03, 0x00, 0x6B, 0x00, 0x03]).bytes
                == [0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87])
        #expect(
            ModbusRTUFrame(unit: 0x01, pdu: [0x04, 0x02, 0xFF, 0xFF]).bytes
                == [0x01, 0x04, 0x02, 0xFF, 0xFF, 0xB8, 0x80])
    }

    private static let operations: [ModbusOperation] = [
        .readCoils(address: 1, count: 9), .readDiscreteInputs(address: 2, count: 1),
        .readHoldingRegisters(address: 3, count: 125), .readInputRegisters(address: 4, count: 1),
        .writeSingleCoil(address: 5, isOn: true), .writeSingleRegister(address: 6, value: 6),
        .writeMultipleRegisters(address: 7, values: [7]),
        .writeMultipleRegisters(address: 8, values: Array(repeating: 8, count: 123)),
    ]

    private let frames = operations.enumerated().map { index, operation in
        ModbusRTUFrame(unit: UInt8(index + 1), pdu: PDU.encode(operation))
    }

    @Test(arguments: 1...30)
    func requestsSurviveEverySegmentation(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var rest = frames.flatMap(\.bytes)[...]
        var decoder = ModbusRTUDecoder()
        var decoded: [ModbusRTUFrame] = []
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...300, using: &random))
            decoder.append(rest.prefix(count))
            rest = rest.dropFirst(count)
            while let frame = decoder.next() { decoded.append(frame) }
        }
        #expect(decoded == frames, "seed \(seed)")
        #expect(!decoder.isInFrame)
    }

    @Test func aRequestWithAnyOneBitChangedIsPassedOver() {
        for frame in frames {
            for bit in 0..<frame.bytes.count * 8 {
                var bytes = frame.bytes
                bytes[bit / 8] ^= 1 << (bit % 8)
                var decoder = ModbusRTUDecoder()
                decoder.append(bytes)
                #expect(decoder.next() == nil)
                #expect(decoder.lineFellSilent() == nil)
                decoder.append(frame.bytes)
                #expect(decoder.next() == frame, "after the silence it goes on")
            }
        }
    }

    @Test func whatFollowsABrokenRequestIsBrokenUntilTheLineIsSilent() {
        var broken = frames[0].bytes
        broken[3] ^= 1
        var decoder = ModbusRTUDecoder()
        decoder.append(broken + frames[1].bytes)
        #expect(decoder.next() == nil)
        decoder.append(frames[2].bytes)
        #expect(decoder.next() == nil)
        #expect(decoder.isInFrame)
        #expect(decoder.lineFellSilent() == nil)
        #expect(!decoder.isInFrame)
    }

    @Test func aFunctionOfUnknownLengthEndsWithTheSilence() {
        let unknown = ModbusRTUFrame(unit: 1, pdu: [0x2B, 0x0E, 0x01, 0x00])
        var decoder = ModbusRTUDecoder()
        decoder.append(unknown.bytes)
        #expect(decoder.next() == nil)
        #expect(decoder.lineFellSilent() == unknown)
    }

    @Test func endlessNoiseIsNotKept() {
        var decoder = ModbusRTUDecoder()
        for _ in 0..<100 {
            decoder.append(Array(repeating: 0xFF, count: 100))
            #expect(decoder.next() == nil)
        }
        #expect(decoder.lineFellSilent() == nil)
    }

    // MARK: - Faults

    private func strike(_ fault: WireFault) -> [Transmission] {
        var plan = WireFaultPlan([WireFaultRule(fault)])
        let answer = ModbusRTUFrame(unit: 0x01, pdu: [0x04, 0x02, 0xFF, 0xFF])
        return plan.transmissions(of: answer, struckBy: plan.strike(isWrite: false))
    }

    @Test func r41_onlyTheChecksumIsWrong() {
        #expect(
            strike(.wrongChecksum)
                == [.send([0x01, 0x04, 0x02, 0xFF, 0xFF, 0xB8, 0x90], after: .zero)])
    }

    @Test(arguments: [WireFault.wrongUnit, .wrongFunctionCode, .wrongByteCount])
    func r41_anotherFieldIsWrongAndTheChecksumFits(fault: WireFault) throws {
        guard case .send(let bytes, _) = try #require(strike(fault).first) else {
            Issue.record("nothing was sent")
            return
        }
        #expect(bytes.prefix(5) != [0x01, 0x04, 0x02, 0xFF, 0xFF])
        let checksum = ModbusRTUFrame.checksum(of: bytes.dropLast(2))
        #expect(bytes.suffix(2) == [UInt8(checksum & 0xFF), UInt8(checksum >> 8)])
    }

    @Test(arguments: [
        WireFault.wrongTransactionID, .wrongProtocolID, .wrongLength(excess: 2),
    ])
    func r41_whatOnlyTCPHasCannotBeWrong(fault: WireFault) {
        #expect(
            strike(fault) == [.send([0x01, 0x04, 0x02, 0xFF, 0xFF, 0xB8, 0x80], after: .zero)])
    }
}
