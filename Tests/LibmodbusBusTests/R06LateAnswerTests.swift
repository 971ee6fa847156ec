import AgentTestSupport
import ChargeModel
import Foundation
import LibmodbusBus
import Modbus
import Testing

extension UndisturbedTests {
    /// Requirement R6 where frames carry no id: the value after a late reply is the right one.
    struct R06LateAnswerTests {
        private static let deadline = Duration.milliseconds(10)

        /// `EVSE_LATE_ANSWERS=10000` is the full number, with answers up to 3 s past the deadline.
        private static let wanted =
            ProcessInfo.processInfo.environment["EVSE_LATE_ANSWERS"].flatMap(Int.init)

        @Test(
            "R06 R05 no late answer is taken for another's, however late it comes",
            arguments: RTUBench.Line.allCases)
        func noLateAnswerIsTakenForAnothers(line: RTUBench.Line) async throws {
            let lines = Self.wanted == nil ? 8 : 64
            let latest = Self.wanted == nil ? 60 : 3_000
            let lateAnswers = Self.wanted ?? 400
            let seed: UInt64 = 20_261_127
            var tally = RTUTally()
            try await withThrowingTaskGroup(of: RTUTally.self) { group in
                for number in 0..<lines {
                    group.addTask {
                        try await Self.run(
                            line, lateAnswers: lateAnswers / lines, latest: latest,
                            seed: seed &+ UInt64(number))
                    }
                }
                for try await part in group { tally += part }
            }
            print("R06 \(line) seed \(seed): \(lateAnswers) late answers, \(tally)")
            #expect(tally.wrong == 0)
            #expect(tally.answered > lateAnswers / 10)
            #expect(tally.timeouts >= lateAnswers / 10)
        }

        /// Asks until so many answers have come late.
        private static func run(
            _ line: RTUBench.Line, lateAnswers: Int, latest: Int, seed: UInt64
        ) async throws -> RTUTally {
            let late = Locked((random: SeededRandom(seed: seed), count: 0))
            let tally = Locked(RTUTally())
            try await RTUBench.run(
                line,
                { _ in
                    late.withLock { late in
                        guard Int.random(in: 0..<3, using: &late.random) == 0 else {
                            return .answer
                        }
                        late.count += 1
                        // Half of them soon, so that they meet the next request.
                        let most = Bool.random(using: &late.random) ? latest : 25
                        let past = Int.random(in: 1...most, using: &late.random)
                        return .late(by: deadline + .milliseconds(past))
                    }
                },
                memory: .seconds(10), isAlone: true
            ) { bench in
                try await bench.open()
                var random = SeededRandom(seed: ~seed)
                var hasFailed = false
                while late.withLock({ $0.count }) < lateAnswers {
                    let request = R05RTUMixedFaultTests.randomRequest(&random)
                    // Half of the failures are followed by a request that is waited for, so that the
                    // next value is seen; after the others, more remains unanswered.
                    let isPatient = hasFailed && Bool.random(using: &random)
                    let outcome = await RTUTally.outcome(
                        of: request, on: bench, timeout: isPatient ? .seconds(60) : deadline)
                    hasFailed = outcome == .timeout
                    tally.withLock { $0.count(outcome) }
                    if outcome == .lost { try await bench.open() }
                }
            }
            return tally.withLock { $0 }
        }

        @Test(
            "R06 a unit is usable again within twice the deadline and a second",
            arguments: RTUBench.Line.allCases)
        func unitIsUsableAgainSoon(line: RTUBench.Line) async throws {
            let deadline = Duration.milliseconds(200)
            let allowed = deadline * 2 + .seconds(1)
            // Only what reads address 100 is late, so that the marker is answered at once.
            try await RTUBench.run(
                line,
                {
                    $0.request.operation.address == 100
                        ? .late(by: deadline + .milliseconds(100)) : .answer
                }
            ) { bench in
                try await bench.open()
                try await bench.expectAnswer(.readInputRegisters(address: 3, count: 1))
                var best = Duration.seconds(60)
                // A busy machine may be late a few times.
                for _ in 0..<5 where best > allowed {
                    let elapsed = try await ContinuousClock().measure {
                        #expect(await bench.failure(timeout: deadline) == .timeout)
                        try await bench.expectAnswer()
                    }
                    best = min(best, elapsed)
                }
                #expect(best <= allowed)
            }
        }
    }
}

/// Requirement R6: what goes on the line after a request that was not answered.
struct R06MarkerTests {
    @Test(
        "R06 the marker is answered after the late frame, and its answer counts",
        arguments: RTUBench.Line.allCases)
    func markerFollowsALateFrame(line: RTUBench.Line) async throws {
        try await RTUBench.run(
            line, { $0.index == 1 ? .late(by: .milliseconds(150)) : .answer }
        ) { bench in
            try await bench.open()
            let pair = ModbusOperation.readInputRegisters(address: 7, count: 2)
            try await bench.expectAnswer(pair)
            let late = ModbusOperation.readHoldingRegisters(address: 100, count: 1)
            #expect(await bench.failure(of: late, timeout: .milliseconds(50)) == .timeout)
            // The unit is still busy with it: marker and request wait behind.
            try await bench.expectAnswer(.readHoldingRegisters(address: 200, count: 1))
            #expect(
                bench.requests().map(\.operation) == [
                    pair, late, pair, .readHoldingRegisters(address: 200, count: 1),
                ])
        }
    }

    @Test(
        "R06 a box with one register that refuses everything else is usable again",
        arguments: RTUBench.Line.allCases)
    func boxWithOneRegisterIsUsableAgain(line: RTUBench.Line) async throws {
        let only = ModbusOperation.readHoldingRegisters(address: 100, count: 1)
        try await RTUBench.run(
            line,
            { exchange in
                if exchange.index == 1 { return .late(by: .milliseconds(150)) }
                if exchange.request.operation == only { return .answer }
                return .exception(exchange.request.operation.functionCode == 3 ? 2 : 1)
            }
        ) { bench in
            try await bench.open()
            try await bench.expectAnswer(only)
            #expect(await bench.failure(of: only, timeout: .milliseconds(50)) == .timeout)
            try await bench.expectAnswer(only)
            try await bench.expectAnswer(only)
            #expect(bench.requests().count == 5, "one marker, which was refused")
        }
    }

    @Test("R06 a box that is silent to everything else is usable when the past is forgotten")
    func boxThatIsSilentToMarkersIsUsableAgain() async throws {
        let only = ModbusOperation.readHoldingRegisters(address: 100, count: 1)
        try await RTUBench.run(
            .serial,
            { $0.request.operation == only && $0.index > 0 ? .answer : .silence },
            memory: .milliseconds(300)
        ) { bench in
            try await bench.open()
            #expect(await bench.failure(of: only, timeout: .milliseconds(20)) == .timeout)
            #expect(
                try await eventually {
                    await bench.failure(of: only, timeout: .milliseconds(500)) == nil
                })
        }
    }

    @Test("R06 a late frame of one unit neither disturbs another nor counts as its answer")
    func lateFrameOfOneUnitDoesNotDisturbAnother() async throws {
        try await RTUBench.run(
            .serial,
            { $0.request.unit == 1 ? .late(by: .milliseconds(100)) : .late(by: .milliseconds(15)) }
        ) { bench in
            try await bench.open()
            for address: UInt16 in 0..<3 {
                let late = ModbusOperation.readHoldingRegisters(address: address, count: 2)
                #expect(
                    await bench.failure(of: late, unit: 1, timeout: .milliseconds(5)) == .timeout)
                // One of these is under way when the late frame comes.
                for offset: UInt16 in 0..<10 {
                    try await bench.expectAnswer(
                        .readHoldingRegisters(address: 300 + offset, count: 2), unit: 2)
                }
            }
        }
    }

    @Test("R06 closing and opening the port forgets nothing")
    func reopeningForgetsNothing() async throws {
        try await RTUBench.run(
            .serial, { $0.index == 0 ? .late(by: .milliseconds(150)) : .answer }
        ) { bench in
            try await bench.open()
            #expect(await bench.failure(timeout: .milliseconds(20)) == .timeout)
            await bench.bus.close()
            try await bench.open()
            try await bench.expectAnswer(.readHoldingRegisters(address: 200, count: 2))
        }
    }
}
