import AgentTestSupport
import ChargeModel
import LibmodbusBus
import Modbus
import Testing

extension UndisturbedTests {
    /// Requirement R6 where frames carry no id: the value after a late reply is the right one.
    struct R06LateAnswerTests {
        private static let deadline = Duration.milliseconds(10)

        /// In full: 10,000 answers, up to 3 s past the deadline.
        private static let wanted = Scale.lateAnswers
        private static let lines = wanted == nil ? 8 : 64
        private static let latest = wanted == nil ? 60 : 3_000

        @Test(
            "R06 R05 no late answer is taken for another's, however late it comes",
            arguments: RTUBench.Line.allCases)
        func noLateAnswerIsTakenForAnothers(line: RTUBench.Line) async throws {
            let lines = Self.lines
            let lateAnswers = Self.wanted ?? 400
            let start = ContinuousClock.now
            let seed: UInt64 = 20_261_127
            var tally = RTUTally()
            try await withThrowingTaskGroup(of: RTUTally.self) { group in
                for number in 0..<lines {
                    group.addTask {
                        try await Self.run(
                            line, lateAnswers: lateAnswers / lines, latest: Self.latest,
                            seed: seed &+ UInt64(number))
                    }
                }
                for try await part in group { tally += part }
            }
            print("R06 \(line) seed \(seed): \(lateAnswers) late answers, \(tally)")
            Scale.report(
                "\(line.medium), late", "evse-agent", transactions: tally.total,
                faults: lateAnswers, answered: tally.answered, wrong: tally.wrong,
                seconds: start.duration(to: .now))
            #expect(tally.wrong == 0)
            #expect(tally.answered > lateAnswers / 10)
            #expect(tally.timeouts >= lateAnswers / 10)
        }

        @Test("R06 libmodbus alone takes late answers for others on a serial line")
        func libmodbusAloneTakesLateAnswersForOthers() async throws {
            let seed: UInt64 = 20_261_127
            let lateOnEach = max(1, (Self.wanted ?? 160) / 10 / Self.lines)
            let start = ContinuousClock.now
            let tally = try await withThrowingTaskGroup(of: StockTally.self) { group in
                for number in 0..<Self.lines {
                    group.addTask {
                        try await Self.runStock(lateOnEach, seed: seed &+ UInt64(number))
                    }
                }
                return try await group.reduce(into: StockTally()) { $0 += $1 }
            }
            print("R06 serial seed \(seed): libmodbus alone: \(tally)")
            Scale.report(
                "serial, late", "libmodbus", transactions: tally.total,
                faults: lateOnEach * Self.lines, answered: tally.answered, wrong: tally.wrong,
                seconds: start.duration(to: .now))
            #expect(tally.wrong > 0)
        }

        /// Every second answer comes late, past the half second that libmodbus waits by default.
        private static func runStock(_ late: Int, seed: UInt64) async throws -> StockTally {
            let random = Locked(SeededRandom(seed: seed))
            let peer = try ScriptedSerialPeer { exchange in
                guard exchange.index % 2 == 0 else { return .answer }
                let past = random.withLock { Int.random(in: 1...latest, using: &$0) }
                return .late(by: .milliseconds(500 + past))
            }
            let path = peer.path
            let tally = await StockClient.onThread {
                var addresses = SeededRandom(seed: ~seed)
                return StockTally.run(late * 2, on: StockClient(path: path)) {
                    ModbusRequest(
                        unit: 1,
                        operation: .readHoldingRegisters(
                            address: .random(in: 0...0xFF00, using: &addresses), count: 2))
                }
            }
            peer.stop()
            return tally
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
