import AgentTestSupport
import ChargeModel
import LibmodbusBus
import Modbus
import Testing

/// Requirement R5 where frames carry no id: serial lines and gateways.
struct R05RTUReplyTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var behaviour: ScriptedModbusPeer.Behaviour
        var operation = ModbusOperation.readHoldingRegisters(address: 100, count: 2)
        var expected: ModbusError

        var testDescription: String { "\(behaviour) to \(operation)" }
    }

    static let faults: [Fault] = [
        Fault(behaviour: .checksum, expected: .malformed(.checksum)),
        // Unit 2 with a wrong checksum may be our answer with a broken unit.
        Fault(behaviour: .garbage([2, 3, 2, 0, 1, 0, 0]), expected: .malformed(.checksum)),
        Fault(behaviour: .unit(2), expected: .timeout),
        Fault(
            behaviour: .functionCode(4),
            expected: .malformed(.functionCode(expected: 3, received: 4))),
        Fault(
            behaviour: .registerCount(1),
            expected: .malformed(.byteCount(expected: 6, received: 4))),
        Fault(
            behaviour: .registerCount(3),
            expected: .malformed(.byteCount(expected: 6, received: 8))),
        Fault(behaviour: .byteCount(offset: 2), expected: .timeout),
        Fault(behaviour: .byteCount(offset: -2), expected: .malformed(.checksum)),
        Fault(behaviour: .byteCount(offset: 251), expected: .malformed(.checksum)),
        Fault(
            behaviour: .echo(addressOffset: 1, valueOffset: 0),
            operation: .writeSingleRegister(address: 7, value: 16),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .echo(addressOffset: 0, valueOffset: 1),
            operation: .writeSingleRegister(address: 7, value: 16),
            expected: .malformed(.writeEcho)),
        Fault(
            behaviour: .echo(addressOffset: 0, valueOffset: 1),
            operation: .writeMultipleRegisters(address: 7, values: [16, 17]),
            expected: .malformed(.writeEcho)),
        Fault(behaviour: .garbage([UInt8](repeating: 0, count: 4)), expected: .timeout),
        Fault(
            behaviour: .garbage([UInt8](repeating: 0xFF, count: 300)),
            expected: .malformed(.checksum)),
        Fault(behaviour: .truncate(to: 1), expected: .timeout),
        Fault(behaviour: .truncate(to: 8), expected: .timeout),
        Fault(behaviour: .silence, expected: .timeout),
    ]

    @Test(
        "R05 a faulty reply is refused, and the next one is right",
        arguments: RTUBench.Line.allCases, faults)
    func faultyReplyIsRefused(line: RTUBench.Line, fault: Fault) async throws {
        try await RTUBench.run(line, [.answer, fault.behaviour]) { bench in
            try await bench.open()
            try await bench.expectAnswer()
            // Short only where the deadline is what the test waits for.
            let timeout: Duration = fault.expected == .timeout ? .milliseconds(100) : .seconds(5)
            #expect(await bench.failure(of: fault.operation, timeout: timeout) == fault.expected)
            // Without opening again.
            try await bench.expectAnswer(fault.operation)
            try await bench.expectAnswer(.readHoldingRegisters(address: 9, count: 2))
        }
    }

    @Test(
        "R05 bytes that arrive after an answer are not taken for the next one",
        arguments: RTUBench.Line.allCases,
        [
            ScriptedModbusPeer.Behaviour.duplicate, .garbageAfter([0]),
            .garbageAfter([1, 3, 4, 0, 1, 0, 2, 0x2A, 0x32]),
        ])
    func bytesAfterAnAnswerAreNotTakenForTheNextOne(
        line: RTUBench.Line, behaviour: ScriptedModbusPeer.Behaviour
    ) async throws {
        try await RTUBench.run(line, [behaviour]) { bench in
            try await bench.open()
            try await bench.expectAnswer(.readHoldingRegisters(address: 70, count: 2))
            for address: UInt16 in 0..<5 {
                try await bench.expectAnswer(.readHoldingRegisters(address: address, count: 2))
            }
        }
    }

    @Test("R05 frames of other units are passed over, whole or broken")
    func foreignFramesArePassedOver() async throws {
        let foreign: [UInt8] = [0x11, 0x03, 0x02, 0x00, 0x07, 0x38, 0x45]
        try await RTUBench.run(.serial, [.garbageBefore(foreign), .answer]) { bench in
            try await bench.open()
            try await bench.expectAnswer()
            try await bench.expectAnswer()
        }
    }
}

extension UndisturbedTests {
    /// Requirement R5: many lines at once, one in six answers faulty.
    struct R05RTUMixedFaultTests {
        private static let lines = Scale.links(otherwise: 12)
        private static let deadline = Duration.milliseconds(10)

        @Test(
            "R05 R06 no wrong value is accepted under mixed faults without ids",
            arguments: RTUBench.Line.allCases)
        func noWrongValueIsAccepted(line: RTUBench.Line) async throws {
            let transactions = Scale.transactions ?? 4_000
            let start = ContinuousClock.now
            let faults = Locked(0)
            let seed: UInt64 = 20_261_126
            var tally = RTUTally()
            try await withThrowingTaskGroup(of: RTUTally.self) { group in
                for number in 0..<Self.lines {
                    group.addTask {
                        let source = RTUFaultSource(seed: seed &+ UInt64(number))
                        let part = Locked(RTUTally())
                        try await RTUBench.run(line, { source.next(for: $0) }, isAlone: true) {
                            bench in
                            try await bench.open()
                            var random = SeededRandom(seed: seed ^ UInt64(number))
                            var patience = Patience(Self.deadline)
                            for _ in 0..<transactions / Self.lines {
                                let request = Self.randomRequest(&random)
                                let outcome = await RTUTally.outcome(
                                    of: request, on: bench, timeout: patience.timeout)
                                patience.note(isAnswered: outcome == .answered)
                                part.withLock { $0.count(outcome) }
                                if outcome == .lost { try await bench.open() }
                            }
                        }
                        faults.withLock { $0 += source.count }
                        return part.withLock { $0 }
                    }
                }
                for try await part in group { tally += part }
            }
            print("R05 \(line) seed \(seed): \(tally)")
            Scale.report(
                line.medium, "evse-agent", transactions: tally.total,
                faults: faults.withLock { $0 }, answered: tally.answered, wrong: tally.wrong,
                seconds: start.duration(to: .now))
            #expect(tally.wrong == 0)
            #expect(tally.total == transactions / Self.lines * Self.lines)
            #expect(tally.answered > tally.total / 100)
            #expect(tally.timeouts > 0 && tally.malformed > 0)
        }

        @Test("R05 libmodbus alone takes wrong values under the same faults on a serial line")
        func libmodbusAloneTakesWrongValues() async throws {
            let transactions = (Scale.transactions ?? 4_000) / 10
            let seed: UInt64 = 20_261_126
            let start = ContinuousClock.now
            let faults = Locked(0)
            let tally = try await withThrowingTaskGroup(of: StockTally.self) { group in
                for number in 0..<Self.lines {
                    group.addTask {
                        let source = RTUFaultSource(seed: seed &+ UInt64(number))
                        let peer = try ScriptedSerialPeer { source.next(for: $0) }
                        let path = peer.path
                        let part = await StockClient.onThread {
                            var random = SeededRandom(seed: seed ^ UInt64(number))
                            return StockTally.run(
                                transactions / Self.lines, on: StockClient(path: path)
                            ) { Self.randomRegisterRequest(&random) }
                        }
                        peer.stop()
                        faults.withLock { $0 += source.count }
                        return part
                    }
                }
                return try await group.reduce(into: StockTally()) { $0 += $1 }
            }
            print("R05 serial seed \(seed): libmodbus alone: \(tally)")
            Scale.report(
                RTUBench.Line.serial.medium, "libmodbus", transactions: tally.total,
                faults: faults.withLock { $0 }, answered: tally.answered, wrong: tally.wrong,
                seconds: start.duration(to: .now))
            #expect(tally.total == transactions / Self.lines * Self.lines)
            #expect(tally.wrong > 0)
        }

        /// As below, without coils.
        private static func randomRegisterRequest(
            _ random: inout SeededRandom
        ) -> ModbusRequest {
            var request = randomRequest(&random)
            if case .readCoils(let address, _) = request.operation {
                request.operation = .readHoldingRegisters(address: address, count: 2)
            }
            return request
        }

        /// Requests much alike, so that an answer to the wrong one has the right shape.
        static func randomRequest(_ random: inout SeededRandom) -> ModbusRequest {
            let address = UInt16.random(in: 0...0xFF00, using: &random)
            let operation: ModbusOperation =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: .writeSingleRegister(address: address, value: address &* 3)
                case 1: .writeMultipleRegisters(address: address, values: [1, 2, address])
                case 2: .readCoils(address: address, count: .random(in: 16...24, using: &random))
                case 3..<5: .readInputRegisters(address: address, count: 2)
                default:
                    .readHoldingRegisters(
                        address: address, count: .random(in: 1...2, using: &random))
                }
            return ModbusRequest(unit: .random(in: 1...3, using: &random), operation: operation)
        }
    }
}

/// How transactions ended.
struct RTUTally: Sendable, CustomStringConvertible {
    enum Outcome: Sendable {
        case answered, wrong, exception, timeout, malformed, lost
    }

    var answered = 0
    var wrong = 0
    var exceptions = 0
    var timeouts = 0
    var malformed = 0
    var lost = 0

    var total: Int { answered + wrong + exceptions + timeouts + malformed + lost }

    var description: String {
        """
        \(answered) answered, \(wrong) wrong, \(exceptions) refused, \(timeouts) timeouts, \
        \(malformed) malformed, \(lost) lost
        """
    }

    mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .answered: answered += 1
        case .wrong: wrong += 1
        case .exception: exceptions += 1
        case .timeout: timeouts += 1
        case .malformed: malformed += 1
        case .lost: lost += 1
        }
    }

    static func += (left: inout RTUTally, right: RTUTally) {
        left.answered += right.answered
        left.wrong += right.wrong
        left.exceptions += right.exceptions
        left.timeouts += right.timeouts
        left.malformed += right.malformed
        left.lost += right.lost
    }

    static func outcome(
        of request: ModbusRequest, on bench: RTUBench, timeout: Duration
    ) async -> Outcome {
        do {
            let response = try await bench.bus.perform(request, timeout: timeout)
            return response == RegisterPattern.response(to: request) ? .answered : .wrong
        } catch {
            switch error {
            case .exception: return .exception
            case .timeout: return .timeout
            case .malformed: return .malformed
            case .connectionLost, .portUnusable, .busShutDown: return .lost
            }
        }
    }
}

/// Draws what a line does with each request: one in six is faulty.
private final class RTUFaultSource: Sendable {
    private let state: Locked<(random: SeededRandom, faults: Int)>

    init(seed: UInt64) { state = Locked((SeededRandom(seed: seed), 0)) }

    /// How many exchanges were faulty so far.
    var count: Int { state.withLock { $0.faults } }

    func next(for exchange: ScriptedModbusPeer.Exchange) -> ScriptedModbusPeer.Behaviour {
        state.withLock { state in
            let behaviour = Self.draw(for: exchange.request.operation, &state.random)
            if !behaviour.isClean { state.faults += 1 }
            return behaviour
        }
    }

    private static func draw(
        for operation: ModbusOperation, _ random: inout SeededRandom
    ) -> ScriptedModbusPeer.Behaviour {
        guard Int.random(in: 0..<6, using: &random) == 0 else {
            let isRefused = Int.random(in: 0..<50, using: &random) == 0
            return isRefused ? .exception(.random(in: 1...11, using: &random)) : .answer
        }
        switch Int.random(in: 0..<12, using: &random) {
        // Around and past the deadline of 10 ms: some come in time, some just late.
        case 0, 1: return .late(by: .milliseconds(Int.random(in: 8...11, using: &random)))
        case 2, 3: return .late(by: .milliseconds(Int.random(in: 12...40, using: &random)))
        case 4: return .duplicate
        case 5: return .drip(every: .microseconds(Int.random(in: 50...900, using: &random)))
        case 6: return .truncate(to: Int.random(in: 1...5, using: &random))
        case 7: return .unit(.random(in: 100...247, using: &random))
        case 8: return .checksum
        case 9 where operation.isWrite: return .echo(addressOffset: 1, valueOffset: 0)
        case 9: return .registerCount(operation.count + 1)
        case 10:
            return .garbageBefore((0..<5).map { _ in .random(in: 0...255, using: &random) })
        default: return .silence
        }
    }
}
