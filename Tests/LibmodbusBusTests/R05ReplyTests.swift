import AgentTestSupport
import LibmodbusBus
import Modbus
import Testing

/// Requirement R5: no reply is used unless it belongs to the request. Each fault alone; all of them
/// mixed are in `R05MixedFaultTests`.
struct R05ReplyTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var behaviour: ScriptedModbusPeer.Behaviour
        var operation = ModbusOperation.readHoldingRegisters(address: 100, count: 2)
        /// nil: no particular one, as long as it is an error that closes the link.
        var expected: ModbusError?

        var testDescription: String { "\(behaviour) to \(operation)" }
    }

    /// The bench reads once before, so that the faulty exchange has transaction id 2.
    static let faults: [Fault] = [
        Fault(
            behaviour: .transactionID(offset: 1),
            expected: .malformed(.transactionID(expected: 2, received: 3))),
        Fault(
            behaviour: .transactionID(offset: 0xFFFF),
            expected: .malformed(.transactionID(expected: 2, received: 1))),
        Fault(
            behaviour: .previousAnswer,
            expected: .malformed(.transactionID(expected: 2, received: 1))),
        Fault(
            behaviour: .previousAnswerFirst,
            expected: .malformed(.transactionID(expected: 2, received: 1))),
        Fault(behaviour: .protocolID(1), expected: .malformed(.protocolID(1))),
        Fault(behaviour: .length(offset: 193), expected: .malformed(.length(200))),
        Fault(behaviour: .length(offset: -1), expected: .malformed(.length(6))),
        Fault(
            behaviour: .unit(2), expected: .malformed(.unit(expected: 1, received: 2))),
        Fault(
            behaviour: .functionCode(4),
            expected: .malformed(.functionCode(expected: 3, received: 4))),
        Fault(behaviour: .functionCode(0x83), expected: .malformed(.length(7))),
        Fault(behaviour: .byteCount(offset: -2), expected: .malformed(.length(7))),
        Fault(behaviour: .byteCount(offset: 2), expected: .timeout),
        Fault(
            behaviour: .byteCount(offset: 251),
            expected: .malformed(.byteCount(expected: 4, received: 255))),
        Fault(
            behaviour: .registerCount(1),
            expected: .malformed(.byteCount(expected: 6, received: 4))),
        Fault(
            behaviour: .registerCount(3),
            expected: .malformed(.byteCount(expected: 6, received: 8))),
        Fault(
            behaviour: .echo(addressOffset: 1, valueOffset: 0),
            operation: .writeSingleRegister(address: 7, value: 16),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .echo(addressOffset: 0, valueOffset: 1),
            operation: .writeSingleRegister(address: 7, value: 16),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .echo(addressOffset: 1, valueOffset: 0),
            operation: .writeMultipleRegisters(address: 7, values: [16, 17]),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .echo(addressOffset: 0, valueOffset: 1),
            operation: .writeMultipleRegisters(address: 7, values: [16, 17]),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .registerCount(1), operation: .readCoils(address: 3, count: 8),
            expected: .malformed(.byteCount(expected: 3, received: 4))),
        Fault(
            behaviour: .registerCount(125), operation: .readDiscreteInputs(address: 3, count: 17),
            expected: .malformed(.byteCount(expected: 5, received: 252))),
        Fault(
            behaviour: .byteCount(offset: 251), operation: .readCoils(address: 3, count: 8),
            expected: .malformed(.byteCount(expected: 1, received: 252))),
        Fault(
            behaviour: .echo(addressOffset: 0, valueOffset: 1),
            operation: .writeSingleCoil(address: 7, isOn: true),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .echo(addressOffset: 1, valueOffset: 0),
            operation: .writeSingleCoil(address: 7, isOn: false),
            expected: .malformed(.writeEcho)),
        Fault(behaviour: .garbageBefore([0xAA]), expected: nil),
        Fault(behaviour: .garbage([UInt8](repeating: 0xFF, count: 300)), expected: nil),
        Fault(behaviour: .garbage([0, 2, 0, 0, 0, 3, 1, 0x83]), expected: .timeout),
        Fault(behaviour: .truncate(to: 4), expected: .timeout),
        Fault(behaviour: .truncate(to: 12), expected: .timeout),
        Fault(behaviour: .truncateAndClose(to: 12), expected: .connectionLost(errno: 104)),
        Fault(behaviour: .silence, expected: .timeout),
        Fault(behaviour: .close, expected: .connectionLost(errno: 104)),
        Fault(behaviour: .reset, expected: .connectionLost(errno: 104)),
    ]

    @Test("R05 a faulty reply is refused and the link closed", arguments: faults)
    func faultyReplyIsRefused(fault: Fault) async throws {
        try await Bench.run([.answer, fault.behaviour]) { bench in
            try await bench.open()
            try await bench.expectAnswer()
            // Short only where the deadline is what the test waits for.
            let isAwaited = fault.expected == .timeout || fault.expected == nil
            let timeout: Duration = isAwaited ? .milliseconds(100) : .seconds(5)
            let failure = await bench.failure(of: fault.operation, timeout: timeout)
            if let expected = fault.expected { #expect(failure == expected) }
            #expect(failure?.requiresReopening == true)

            #expect(await bench.failure() == .connectionLost(errno: 107))
            try await bench.open()
            try await bench.expectAnswer()
            try await bench.expectAnswer(fault.operation)
        }
    }

    @Test(
        "R05 bytes that arrive after an answer are not taken for the next one",
        arguments: [
            ScriptedModbusPeer.Behaviour.duplicate, .garbageAfter([0]), .garbageAfter([1, 2, 3]),
        ])
    func bytesAfterAnAnswerAreNotTakenForTheNextOne(
        behaviour: ScriptedModbusPeer.Behaviour
    ) async throws {
        try await Bench.run([behaviour]) { bench in
            try await bench.open()
            try await bench.expectAnswer()
            #expect(await bench.failure() == .malformed(.unsolicitedBytes))
            #expect(bench.peer.requests.count == 1)
            try await bench.open()
            try await bench.expectAnswer()
        }
    }

    @Test func aSlowlyDrippedAnswerWithinTheDeadlineIsTaken() async throws {
        try await Bench.run([.drip(every: .milliseconds(1))]) { bench in
            try await bench.open()
            try await bench.expectAnswer(.readHoldingRegisters(address: 7, count: 20))
        }
    }
}
