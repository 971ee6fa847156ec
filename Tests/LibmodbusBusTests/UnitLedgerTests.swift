import Modbus
import Testing

@testable import LibmodbusBus

/// Requirement R6: which request may follow one that was not answered, and which answers count then.
@Suite("R06 the ledger of a unit")
struct UnitLedgerTests {
    private let single = ModbusOperation.readHoldingRegisters(address: 100, count: 1)
    private let other = ModbusOperation.readHoldingRegisters(address: 200, count: 1)
    private let pair = ModbusOperation.readHoldingRegisters(address: 200, count: 2)
    private let input = ModbusOperation.readInputRegisters(address: 100, count: 1)

    private func ledger(
        answered: [ModbusOperation] = [], unanswered: [ModbusOperation]
    ) -> UnitLedger {
        var ledger = UnitLedger()
        for operation in answered {
            ledger.sent(operation, at: 0)
            ledger.answered()
        }
        for (index, operation) in unanswered.enumerated() {
            ledger.sent(operation, at: Int64(index))
        }
        return ledger
    }

    @Test func withoutDoubtEveryRequestGoesOut() {
        #expect(ledger(answered: [single], unanswered: []).choice(for: other) == .ask)
    }

    @Test func anotherFunctionIsItsOwnMarker() {
        #expect(ledger(unanswered: [single]).choice(for: input) == .ask)
        let write = ModbusOperation.writeSingleRegister(address: 100, value: 1)
        #expect(ledger(answered: [pair], unanswered: [single]).choice(for: write) == .ask)
    }

    @Test func aReadThatWasAnsweredBeforeGoesFirst() {
        let known = ledger(answered: [input, pair], unanswered: [single])
        #expect(known.choice(for: other) == .mark(input), "another function before another length")
        #expect(known.choice(for: pair) == .mark(input), "so that a refusal counts, too")
        let length = ledger(answered: [pair], unanswered: [single])
        #expect(length.choice(for: other) == .mark(pair))
    }

    @Test func anotherLengthIsItsOwnMarkerWhereNothingIsKnown() {
        #expect(ledger(unanswered: [single]).choice(for: pair) == .ask)
    }

    @Test func aBoxWithOneRegisterIsAskedForItWithTheOtherFunction() {
        #expect(
            ledger(answered: [single], unanswered: [single]).choice(for: single) == .mark(input))
        let read = ModbusOperation.readHoldingRegisters(address: 100, count: 1)
        #expect(ledger(unanswered: [input]).choice(for: input) == .mark(read))
    }

    @Test func aMarkerThatIsNotAnsweredIsNotTriedAgain() {
        var silent = ledger(answered: [single], unanswered: [single])
        var tried: [ModbusOperation] = []
        while case .mark(let marker) = silent.choice(for: single), tried.count < 100 {
            #expect(!tried.contains(marker))
            tried.append(marker)
            silent.sent(marker, at: 1)
        }
        #expect(tried.count == 32, "then it is left alone")
        #expect(silent.choice(for: single) == .wait)
        silent.forget(before: 2)
        #expect(silent.isClear)
        #expect(silent.choice(for: single) == .ask)
    }

    @Test func atTheEndOfTheMapNothingIsReadBeyondIt() {
        let last = ModbusOperation.readHoldingRegisters(address: 0xFFFF, count: 1)
        var ledger = ledger(answered: [last], unanswered: [last])
        while case .mark(let marker) = ledger.choice(for: last) {
            #expect(Int(marker.address) + marker.count <= 0x1_0000)
            ledger.sent(marker, at: 1)
        }
        #expect(ledger.choice(for: last) == .wait)
    }

    @Test func theSameWriteIsNotItsOwnMarkerAndAnotherIs() {
        let six = ModbusOperation.writeSingleRegister(address: 1, value: 60)
        let seven = ModbusOperation.writeSingleRegister(address: 1, value: 70)
        #expect(ledger(answered: [pair], unanswered: [six]).choice(for: six) == .mark(pair))
        #expect(ledger(unanswered: [six]).choice(for: seven) == .ask)
        // Function 16 echoes no values.
        let first = ModbusOperation.writeMultipleRegisters(address: 1, values: [1, 2])
        let second = ModbusOperation.writeMultipleRegisters(address: 1, values: [3, 4])
        let elsewhere = ModbusOperation.writeMultipleRegisters(address: 3, values: [1, 2])
        #expect(ledger(answered: [pair], unanswered: [first]).choice(for: second) == .mark(pair))
        #expect(ledger(unanswered: [first]).choice(for: elsewhere) == .ask)
    }

    @Test func coilsCountByTheirBytes() {
        let eight = ModbusOperation.readCoils(address: 0, count: 8)
        let seven = ModbusOperation.readCoils(address: 9, count: 7)
        let nine = ModbusOperation.readCoils(address: 9, count: 9)
        #expect(
            ledger(unanswered: [eight]).choice(for: seven)
                == .mark(.readInputRegisters(address: 9, count: 1)))
        #expect(ledger(unanswered: [eight]).choice(for: nine) == .ask)
    }

    // MARK: - Frames

    private let late: ArraySlice<UInt8> = [0x03, 2, 0, 7]

    @Test func aLateAnswerIsDroppedUntilTheMarkerIsAnswered() {
        var ledger = ledger(unanswered: [single, pair])
        #expect(ledger.verdict(on: late) == .late)
        #expect(ledger.verdict(on: [0x03, 4, 0, 1, 0, 2]) == .answer(.registers([1, 2])))
        ledger.answered()
        #expect(ledger.isClear)
    }

    @Test func aRefusalThatMayBeALateOneIsDropped() {
        let length = ledger(unanswered: [single, pair])
        #expect(length.verdict(on: [0x83, 2]) == .late)
        let function = ledger(unanswered: [single, input])
        #expect(function.verdict(on: [0x83, 2]) == .late)
        #expect(function.verdict(on: [0x84, 1]) == .refusal(.illegalFunction))
    }

    @Test func withoutDoubtAWrongAnswerIsToldAsWhatItIs() {
        let ledger = ledger(unanswered: [pair])
        #expect(
            ledger.verdict(on: late) == .wrong(.malformed(.byteCount(expected: 6, received: 4))))
        #expect(ledger.verdict(on: [0x83, 2]) == .refusal(.illegalDataAddress))
    }

    @Test func afterStrayBytesTheLastRequestCountsAsUnanswered() {
        var ledger = ledger(answered: [pair, single], unanswered: [])
        ledger.strayed(at: 5)
        #expect(ledger.choice(for: other) == .mark(pair))
        var unasked = UnitLedger()
        unasked.strayed(at: 5)
        #expect(unasked.isClear)
    }

    /// Whatever was not answered and whatever is asked next: what goes out cannot be answered by any
    /// frame that an earlier request may still bring.
    @Test func noAnswerCanBeMistakenWhateverWasAsked() {
        let operations: [ModbusOperation] = [
            single, other, pair, input, .readInputRegisters(address: 7, count: 2),
            .readCoils(address: 0, count: 8), .readCoils(address: 3, count: 5),
            .readDiscreteInputs(address: 0, count: 16), .writeSingleCoil(address: 1, isOn: true),
            .writeSingleCoil(address: 1, isOn: false),
            .writeSingleRegister(address: 1, value: 60),
            .writeSingleRegister(address: 2, value: 60),
            .writeMultipleRegisters(address: 1, values: [1]),
            .writeMultipleRegisters(address: 1, values: [2]),
        ]
        for known in operations {
            for first in operations {
                for second in operations {
                    for next in operations {
                        check(answered: [known], unanswered: [first, second], next: next)
                    }
                }
            }
        }
    }

    private func check(
        answered: [ModbusOperation], unanswered: [ModbusOperation], next: ModbusOperation
    ) {
        var ledger = ledger(answered: answered, unanswered: unanswered)
        let asked: ModbusOperation
        switch ledger.choice(for: next) {
        case .ask: asked = next
        case .mark(let marker): asked = marker
        case .wait: return
        }
        #expect(asked == next || !asked.isWrite, "a marker writes nothing")
        ledger.sent(asked, at: 9)
        for earlier in unanswered {
            let normal = PDU.encode(Self.someAnswer(to: earlier), to: earlier)
            #expect(ledger.verdict(on: normal[...]) == .late, "\(unanswered), then \(asked)")
            let refusal = PDU.encode(.illegalDataValue, functionCode: earlier.functionCode)
            #expect(ledger.verdict(on: refusal[...]) == .late, "\(unanswered), then \(asked)")
        }
        let right = PDU.encode(Self.someAnswer(to: asked), to: asked)
        #expect(ledger.verdict(on: right[...]) == .answer(Self.someAnswer(to: asked)))
    }

    private static func someAnswer(to operation: ModbusOperation) -> ModbusResponse {
        switch operation {
        case .readCoils, .readDiscreteInputs:
            .bits(Array(repeating: true, count: operation.count))
        case .readHoldingRegisters, .readInputRegisters:
            .registers(Array(repeating: 5, count: operation.count))
        case .writeSingleCoil, .writeSingleRegister, .writeMultipleRegisters: .written
        }
    }
}
