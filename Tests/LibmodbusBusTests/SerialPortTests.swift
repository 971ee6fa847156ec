import AgentTestSupport
import Glibc
import Modbus
import Testing

@testable import LibmodbusBus

/// What a person is told when a serial port cannot be used.
struct SerialPortTests {
    private func problem(
        _ path: String, direction: SerialPort.Direction = .off
    ) async -> String? {
        let port = SerialPort(path: path, settings: SerialSettings(), direction: direction)
        var timing = LibmodbusRTUBus.Timing()
        timing.settling = .zero
        let bus = LibmodbusRTUBus(.serial(port), timing: timing)
        let failure = await openingFailure(of: bus, timeout: .seconds(1))
        await bus.shutDown()
        guard case .portUnusable(let problem) = failure else { return nil }
        return problem
    }

    @Test func anAdapterThatIsNotThereIsNamed() async {
        let path = "/dev/serial/by-id/usb-not-there"
        #expect(
            await problem(path)
                == "there is no \(path); plug the adapter in, and see ls /dev/serial/by-id for its name"
        )
    }

    @Test func aFileIsNoPort() async {
        #expect(await problem("/dev/null") == "/dev/null is not a serial port")
    }

    @Test func aPortThatAnotherProgramHasIsInUse() async throws {
        try await RTUBench.run(.serial) { bench in
            try await bench.open()
            guard case .serial(let port) = bench.medium else { return }
            #expect(
                await problem(port.path) == """
                    \(port.path) is in use; end the program that has it open \
                    (fuser -v \(port.path) names it)
                    """)
            // And the program that has it does not notice.
            try await bench.expectAnswer()
            await bench.bus.close()
            #expect(await problem(port.path) == nil)
        }
    }

    @Test func whoMayNotUseAPortIsToldTheGroup() throws {
        let peer = try ScriptedSerialPeer()
        defer { peer.stop() }
        let port = SerialPort(path: peer.path, settings: SerialSettings())
        guard case .portUnusable(let problem) = port.unusable(EACCES) else {
            Issue.record("another error")
            return
        }
        #expect(
            problem.hasPrefix(
                "no permission to use \(peer.path); add the agent's user to the group "))
        #expect(problem.hasSuffix(" and start the agent again"))
        #expect(problem.contains("group tty ") || problem.contains("group root "))
    }

    @Test func aDriverWithoutRS485ModeSaysSo() async throws {
        let peer = try ScriptedSerialPeer()
        defer { peer.stop() }
        let problem = await problem(peer.path, direction: .kernel)
        #expect(problem?.hasPrefix("the driver of \(peer.path) has no RS-485 mode") == true)
        #expect(problem?.contains("rs485=off") == true)
    }

    @Test func aPortThatGoesAwayIsLost() async throws {
        try await RTUBench.run(.serial) { bench in
            try await bench.open()
            try await bench.expectAnswer()
            bench.stopPeer()
            guard case .connectionLost = await bench.failure(timeout: .seconds(5)) else {
                Issue.record("not lost")
                return
            }
            #expect(await bench.failure() == .connectionLost(errno: ENOTCONN))
        }
    }
}

extension UndisturbedTests {
    /// Requirement R7 on a serial line.
    struct R07RTUDeadlineTests {
        @Test(
            "R07 a unit that drips 125 registers, or is silent, does not stretch the deadline",
            arguments: [
                ScriptedModbusPeer.Behaviour.drip(every: .milliseconds(50)),
                .drip(every: .microseconds(500)), .silence,
            ])
        func unitDoesNotStretchTheDeadline(behaviour: ScriptedModbusPeer.Behaviour) async throws {
            let deadline = Duration.milliseconds(100)
            let allowed = Duration.milliseconds(50)
            try await RTUBench.run(.serial, { _ in behaviour }) { bench in
                try await bench.open()
                var best = Duration.seconds(60)
                for _ in 0..<20 where best > allowed {
                    let elapsed = await ContinuousClock().measure {
                        _ = await bench.failure(
                            of: .readHoldingRegisters(address: 0, count: 125), timeout: deadline)
                    }
                    best = min(best, elapsed - deadline)
                }
                #expect(best <= allowed)
            }
        }

        @Test("R07 a line that is never silent ends at the deadline")
        func babblingLineEndsAtTheDeadline() async throws {
            let peer = try ScriptedSerialPeer()
            let port = SerialPort(path: peer.path, settings: SerialSettings())
            var timing = LibmodbusRTUBus.Timing()
            timing.settling = .zero
            // Longer than the pauses between the bytes below.
            timing.requestGap = .milliseconds(50)
            let bus = LibmodbusRTUBus(.serial(port), timing: timing)
            try await bus.open(timeout: .seconds(1))
            peer.babble([0x55], every: .milliseconds(2))
            let request = ModbusRequest(
                unit: 1, operation: .readHoldingRegisters(address: 0, count: 1))
            let clock = ContinuousClock()
            let start = clock.now
            await #expect(throws: ModbusError.malformed(.unsolicitedBytes)) {
                try await bus.perform(request, timeout: .milliseconds(200))
            }
            #expect(start.duration(to: clock.now) < .seconds(5))
            await bus.shutDown()
            peer.stop()
        }

        @Test func shuttingDownInterruptsASerialTransaction() async throws {
            try await RTUBench.run(.serial, { _ in .silence }) { bench in
                try await bench.open()
                try await withThrowingTaskGroup(of: ModbusError?.self) { group in
                    group.addTask { await bench.failure(timeout: .seconds(60)) }
                    #expect(try await eventually { bench.requests().count == 1 })
                    await bench.bus.shutDown()
                    let failure = try await group.next()
                    #expect(failure == .busShutDown)
                }
            }
        }
    }
}
