import ChargeModel
import Modbus
import Testing
import WallboxModel

/// Cutting a stream into frames, wherever its segments end.
@Suite struct ModbusTCPFrameTests {
    private let frames = (1...20).map { number in
        ModbusTCPFrame(
            transactionID: UInt16(number * 1000), unit: UInt8(number),
            pdu: Array(repeating: UInt8(number), count: number * 12 + 1))
    }

    @Test func aFrameIsItsHeaderAndItsPDU() {
        let frame = ModbusTCPFrame(transactionID: 0x1234, unit: 0x11, pdu: [0x03, 0, 1, 0, 2])
        #expect(frame.bytes == [0x12, 0x34, 0, 0, 0, 6, 0x11, 0x03, 0, 1, 0, 2])
    }

    @Test(arguments: 1...50)
    func framesSurviveEverySegmentation(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var rest = frames.flatMap(\.bytes)[...]
        var decoder = ModbusTCPDecoder()
        var decoded: [ModbusTCPDecoder.Unit] = []
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...600, using: &random))
            decoder.append(rest.prefix(count))
            rest = rest.dropFirst(count)
            while let unit = decoder.next() { decoded.append(unit) }
        }
        #expect(decoded == frames.map { .frame($0) }, "seed \(seed)")
    }

    @Test func nothingComesOfAnIncompleteFrame() {
        var decoder = ModbusTCPDecoder()
        for byte in frames[3].bytes.dropLast() {
            decoder.append([byte])
            #expect(decoder.next() == nil)
        }
        decoder.append([4])
        #expect(decoder.next() == .frame(frames[3]))
        #expect(decoder.next() == nil)
    }

    @Test func aFrameOfAnotherProtocolIsPassedOver() {
        var foreign = frames[0]
        foreign.protocolID = 0x0102
        var decoder = ModbusTCPDecoder()
        decoder.append(foreign.bytes + frames[1].bytes)
        #expect(decoder.next() == .foreign(protocolID: 0x0102))
        #expect(decoder.next() == .frame(frames[1]))
    }

    @Test(arguments: [0, 1, 255, 256, 1000, 65_535] as [UInt16])
    func aLengthThatNoFrameHasEndsTheStream(_ length: UInt16) {
        var frame = frames[0]
        frame.statedLength = length
        var decoder = ModbusTCPDecoder()
        decoder.append(frame.bytes)
        #expect(decoder.next() == .unreadable(length: length))
    }

    @Test func theLongestFrameIsTaken() {
        let frame = ModbusTCPFrame(
            transactionID: 1, unit: 1, pdu: Array(repeating: 7, count: PDU.maximumLength))
        #expect(frame.bytes.count == 260)
        var decoder = ModbusTCPDecoder()
        decoder.append(frame.bytes)
        #expect(decoder.next() == .frame(frame))
    }
}
