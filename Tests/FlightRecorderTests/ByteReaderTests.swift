import Testing

@testable import FlightRecorder

struct ByteReaderTests {
    @Test(arguments: [0, 1, -1, 63, 64, -64, -65, 1_000_000_000, .max, .min] as [Int64])
    func aNumberIsReadAsItWasWritten(_ number: Int64) {
        let bytes = [UInt8](capacity: 20) { bytes in
            bytes.append(signed: number)
            bytes.append(number: UInt64(bitPattern: number))
        }
        var reader = ByteReader(bytes)
        #expect(reader.signed() == number)
        #expect(reader.number() == UInt64(bitPattern: number))
        #expect(reader.isAtEnd)
        #expect(reader.byte() == nil)
    }

    @Test func smallNumbersTakeOneByte() {
        let bytes = [UInt8](capacity: 128) { bytes in
            for number in -64...63 as ClosedRange<Int64> { bytes.append(signed: number) }
        }
        #expect(bytes.count == 128)
    }

    @Test func aNumberThatEndsEarlyIsNone() {
        var reader = ByteReader([0x80, 0x80])
        #expect(reader.number() == nil)
    }

    @Test func aNumberOfTooManyBytesIsNone() {
        var reader = ByteReader(Array(repeating: 0xFF, count: 12))
        #expect(reader.number() == nil)
    }
}
