import ChargeModel
import Modbus
import Testing

/// Example messages of the MODBUS Application Protocol Specification V1.1b3, clauses 6.1 to 6.6, 6.12.
struct PDUSpecificationExamples {
    struct Example: Sendable {
        var operation: ModbusOperation
        var request: [UInt8]
        var response: ModbusResponse
        var answer: [UInt8]
    }

    static let all = [
        Example(
            operation: .readCoils(address: 0x13, count: 0x13),
            request: [0x01, 0x00, 0x13, 0x00, 0x13],
            response: .bits(bits("10110011 11010110 101")),
            answer: [0x01, 0x03, 0xCD, 0x6B, 0x05]),
        Example(
            operation: .readDiscreteInputs(address: 0xC4, count: 0x16),
            request: [0x02, 0x00, 0xC4, 0x00, 0x16],
            response: .bits(bits("00110101 11011011 101011")),
            answer: [0x02, 0x03, 0xAC, 0xDB, 0x35]),
        Example(
            operation: .readHoldingRegisters(address: 0x6B, count: 3),
            request: [0x03, 0x00, 0x6B, 0x00, 0x03],
            response: .registers([0x022B, 0x0000, 0x0064]),
            answer: [0x03, 0x06, 0x02, 0x2B, 0x00, 0x00, 0x00, 0x64]),
        Example(
            operation: .readInputRegisters(address: 0x08, count: 1),
            request: [0x04, 0x00, 0x08, 0x00, 0x01],
            response: .registers([0x000A]),
            answer: [0x04, 0x02, 0x00, 0x0A]),
        Example(
            operation: .writeSingleCoil(address: 0xAC, isOn: true),
            request: [0x05, 0x00, 0xAC, 0xFF, 0x00],
            response: .written,
            answer: [0x05, 0x00, 0xAC, 0xFF, 0x00]),
        Example(
            operation: .writeSingleRegister(address: 0x01, value: 0x03),
            request: [0x06, 0x00, 0x01, 0x00, 0x03],
            response: .written,
            answer: [0x06, 0x00, 0x01, 0x00, 0x03]),
        Example(
            operation: .writeMultipleRegisters(address: 0x01, values: [0x000A, 0x0102]),
            request: [0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02],
            response: .written,
            answer: [0x10, 0x00, 0x01, 0x00, 0x02]),
    ]

    /// States in the order of their addresses.
    private static func bits(_ text: String) -> [Bool] {
        text.filter { $0 != " " }.map { $0 == "1" }
    }

    @Test(arguments: all)
    func clientEncodesAndDecodesTheExamplesOfTheSpecification(example: Example) throws {
        #expect(PDU.encode(example.operation) == example.request)
        #expect(try PDU.decodeResponse(example.answer, to: example.operation) == example.response)
        #expect(PDU.expectedLength(of: example.operation) == example.answer.count)
    }

    @Test(arguments: all)
    func serverDecodesAndEncodesTheExamplesOfTheSpecification(example: Example) {
        #expect(PDU.decodeRequest(example.request) == .success(example.operation))
        #expect(PDU.encode(example.response, to: example.operation) == example.answer)
    }

    @Test(arguments: all)
    func bytesAreTakenApartWhereverTheyLieInABuffer(example: Example) throws {
        let answer = ([9, 9, 9] + example.answer)[3...]
        #expect(try PDU.decodeResponse(answer, to: example.operation) == example.response)
        let request = ([9, 9, 9] + example.request)[3...]
        #expect(PDU.decodeRequest(request) == .success(example.operation))
    }
}

struct PDUResponseTests {
    @Test(
        "R05 an answer cut short or too long is not taken",
        arguments: PDUSpecificationExamples.all)
    func answerOfAnotherLengthIsNotTaken(example: PDUSpecificationExamples.Example) {
        for length in 0..<example.answer.count {
            expectMalformed(Array(example.answer.prefix(length)), to: example.operation)
        }
        expectMalformed(example.answer + [0], to: example.operation)
    }

    @Test(
        "R05 a changed function code or byte count is not taken, whatever it is changed to",
        arguments: PDUSpecificationExamples.all)
    func changedHeadIsNotTaken(example: PDUSpecificationExamples.Example) {
        for index in 0..<2 {
            for byte in UInt8.min...UInt8.max where byte != example.answer[index] {
                var answer = example.answer
                answer[index] = byte
                expectMalformed(answer, to: example.operation)
            }
        }
    }

    @Test(
        "R05 a write echo with any one bit changed is not taken",
        arguments: PDUSpecificationExamples.all.filter(\.operation.isWrite))
    func changedEchoIsNotTaken(example: PDUSpecificationExamples.Example) {
        for index in 1..<example.answer.count {
            for bit in 0..<8 {
                var answer = example.answer
                answer[index] ^= 1 << bit
                #expect(throws: ModbusError.malformed(.writeEcho)) {
                    try PDU.decodeResponse(answer, to: example.operation)
                }
            }
        }
    }

    @Test(
        "R25 all 256 exception codes come through",
        arguments: PDUSpecificationExamples.all)
    func exceptionsComeThrough(example: PDUSpecificationExamples.Example) {
        let code = example.operation.functionCode
        for raw in UInt8.min...UInt8.max {
            let exception = ModbusException(rawValue: raw)
            let answer = PDU.encode(exception, functionCode: code)
            #expect(answer == [code | 0x80, raw])
            #expect(throws: ModbusError.exception(exception)) {
                try PDU.decodeResponse(answer, to: example.operation)
            }
        }
    }

    @Test(
        "R05 an exception to another function, or of another length, is not taken",
        arguments: PDUSpecificationExamples.all)
    func foreignExceptionIsNotTaken(example: PDUSpecificationExamples.Example) {
        let code = example.operation.functionCode
        for function in UInt8(0x80)...0xFF where function != code | 0x80 {
            expectMalformed([function, 2], to: example.operation)
        }
        expectMalformed([code | 0x80], to: example.operation)
        expectMalformed([code | 0x80, 2, 0], to: example.operation)
    }

    private func expectMalformed(_ answer: [UInt8], to operation: ModbusOperation) {
        do {
            let response = try PDU.decodeResponse(answer, to: operation)
            Issue.record("\(answer) was taken for \(response)")
        } catch {
            guard case .malformed = error else {
                Issue.record("\(answer) ended as \(error)")
                return
            }
        }
    }
}

struct PDURequestTests {
    @Test func functionsThatWeDoNotHaveAreIllegal() {
        for code in UInt8.min...UInt8.max where ![1, 2, 3, 4, 5, 6, 16].contains(code) {
            #expect(PDU.decodeRequest([code, 0, 0, 0, 1]) == .failure(.illegalFunction))
        }
        #expect(PDU.decodeRequest([]) == .failure(.illegalFunction))
    }

    @Test func countsOutsideTheSpecificationAreIllegalValues() {
        for function: UInt8 in 1...5 {
            for count in UInt16.min...UInt16.max {
                let bytes = [function, 0, 7, UInt8(count >> 8), UInt8(count & 0xFF)]
                let isLegal =
                    switch function {
                    case 1, 2: 1...2_000 ~= count
                    case 3, 4: 1...125 ~= count
                    default: count == 0x0000 || count == 0xFF00
                    }
                #expect(self.isLegal(bytes) == isLegal)
            }
        }
        for count in 0...127 {
            let bytes = PDU.encode(
                .writeMultipleRegisters(address: 7, values: [UInt16](repeating: 1, count: count)))
            #expect(isLegal(bytes) == (1...123 ~= count))
        }
    }

    @Test(arguments: PDUSpecificationExamples.all)
    func requestsOfAnotherLengthAreIllegalValues(example: PDUSpecificationExamples.Example) {
        for length in 1..<example.request.count {
            #expect(
                PDU.decodeRequest(example.request.prefix(length)) == .failure(.illegalDataValue))
        }
        #expect(PDU.decodeRequest(example.request + [0]) == .failure(.illegalDataValue))
    }

    @Test func aByteCountThatContradictsTheRegisterCountIsAnIllegalValue() {
        for byteCount in UInt8.min...UInt8.max where byteCount != 4 {
            let request: [UInt8] = [0x10, 0, 1, 0, 2, byteCount, 0, 10, 1, 2]
            #expect(PDU.decodeRequest(request) == .failure(.illegalDataValue))
        }
    }

    private func isLegal(_ bytes: [UInt8]) -> Bool {
        switch PDU.decodeRequest(bytes) {
        case .success: true
        case .failure: false
        }
    }
}

struct PDUPropertyTests {
    @Test("Requests and answers survive the way through bytes", arguments: [UInt64(20_261_123)])
    func requestsAndAnswersSurviveTheWayThroughBytes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<5_000 {
            let operation = ModbusOperation.random(using: &random)
            let request = PDU.encode(operation)
            #expect(request.count <= PDU.maximumLength)
            #expect(PDU.decodeRequest(request) == .success(operation))
            let response = ModbusResponse.random(to: operation, using: &random)
            let answer = PDU.encode(response, to: operation)
            #expect(answer.count <= PDU.maximumLength)
            #expect(try PDU.decodeResponse(answer, to: operation) == response)
        }
    }

    /// Whatever is taken must be exactly what a server would have sent for it.
    @Test("R05 random bytes are never taken for more than they say", arguments: [UInt64(5)])
    func randomBytesAreNeverTakenForMoreThanTheySay(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let operation = ModbusOperation.random(using: &random)
            var bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Half of them begin like an answer, or nothing would come past the first check.
            if Bool.random(using: &random), !bytes.isEmpty { bytes[0] = operation.functionCode }
            if case .success(let request) = PDU.decodeRequest(bytes) {
                #expect(PDU.encode(request) == bytes)
            }
            do {
                let response = try PDU.decodeResponse(bytes, to: operation)
                if case .bits = response { bytes.clearFilling(behind: operation.count) }
                #expect(PDU.encode(response, to: operation) == bytes)
            } catch {
                #expect(error != .timeout && error != .busShutDown)
            }
        }
    }
}

extension ModbusOperation {
    static func random(using random: inout SeededRandom) -> ModbusOperation {
        let address = UInt16.random(in: 0...0xFFFF, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            return .readHoldingRegisters(
                address: address, count: .random(in: 1...125, using: &random))
        case 1:
            return .readInputRegisters(
                address: address, count: .random(in: 1...125, using: &random))
        case 2:
            return .readCoils(address: address, count: .random(in: 1...2_000, using: &random))
        case 3:
            return .readDiscreteInputs(
                address: address, count: .random(in: 1...2_000, using: &random))
        case 4:
            return .writeSingleCoil(address: address, isOn: .random(using: &random))
        case 5:
            return .writeSingleRegister(
                address: address, value: .random(in: 0...0xFFFF, using: &random))
        default:
            let count = Int.random(in: 1...123, using: &random)
            return .writeMultipleRegisters(
                address: address,
                values: (0..<count).map { _ in .random(in: 0...0xFFFF, using: &random) })
        }
    }
}

extension ModbusResponse {
    static func random(
        to operation: ModbusOperation, using random: inout SeededRandom
    ) -> ModbusResponse {
        switch operation {
        case .readCoils, .readDiscreteInputs:
            .bits((0..<operation.count).map { _ in .random(using: &random) })
        case .readHoldingRegisters, .readInputRegisters:
            .registers((0..<operation.count).map { _ in .random(in: 0...0xFFFF, using: &random) })
        case .writeSingleCoil, .writeSingleRegister, .writeMultipleRegisters:
            .written
        }
    }
}

extension [UInt8] {
    /// Clears what fills up the last byte of an answer with this many bits: it is read as nothing.
    fileprivate mutating func clearFilling(behind count: Int) {
        guard count % 8 != 0 else { return }
        self[endIndex - 1] &= UInt8(1 << (count % 8) - 1)
    }
}
