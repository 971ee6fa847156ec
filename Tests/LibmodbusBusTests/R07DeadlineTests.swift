import AgentTestSupport
import Glibc
import Modbus
import Testing

@testable import LibmodbusBus

extension UndisturbedTests {
    /// Requirement R7: an absolute deadline per transaction and per connect.
    struct R07DeadlineTests {
        /// The overrun that the requirement allows.
        private static let allowed = Duration.milliseconds(50)

        /// The smallest overrun of some attempts. A busy machine may run some of them late; one that
        /// ends in time shows that nothing in the code stretches the deadline.
        private func bestOverrun(
            of deadline: Duration, _ attempt: () async throws -> Void
        ) async throws -> Duration {
            var best = Duration.seconds(60)
            for _ in 0..<20 where best > Self.allowed {
                let elapsed = try await ContinuousClock().measure(attempt)
                #expect(elapsed >= deadline)
                best = min(best, elapsed - deadline)
            }
            return best
        }

        @Test(
            "R07 a server that drips 125 registers does not stretch the deadline",
            arguments: [50_000, 5_000, 500])
        func drippingServerDoesNotStretchTheDeadline(microsecondsPerByte: Int) async throws {
            let deadline = Duration.milliseconds(100)
            try await Bench.run({ _ in .drip(every: .microseconds(microsecondsPerByte)) }) {
                bench in
                let overrun = try await bestOverrun(of: deadline) {
                    try await bench.open()
                    let read = ModbusOperation.readHoldingRegisters(address: 0, count: 125)
                    #expect(await bench.failure(of: read, timeout: deadline) == .timeout)
                }
                #expect(overrun <= Self.allowed)
            }
        }

        @Test("R07 a silent server ends at the deadline")
        func silentServerEndsAtTheDeadline() async throws {
            let deadline = Duration.milliseconds(50)
            try await Bench.run({ _ in .silence }) { bench in
                let overrun = try await bestOverrun(of: deadline) {
                    try await bench.open()
                    #expect(await bench.failure(timeout: deadline) == .timeout)
                }
                #expect(overrun <= Self.allowed)
            }
        }

        @Test("R07 a peer that takes no connection ends at the deadline")
        func blackHoleEndsAtTheDeadline() async throws {
            let hole = try BlackHolePort()
            let bus = LibmodbusTCPBus(host: "127.0.0.1", port: hole.port, reconnectFloor: .zero)
            let deadline = Duration.milliseconds(100)
            let overrun = try await bestOverrun(of: deadline) {
                await #expect(throws: ModbusError.timeout) { try await bus.open(timeout: deadline) }
            }
            #expect(overrun <= Self.allowed)
            await bus.shutDown()
        }

        @Test("R07 a peer that reads nothing does not hold up the sender past the deadline")
        func fullSocketEndsAtTheDeadline() async throws {
            let pair = try SocketPair()
            defer { pair.close() }
            let flags = fcntl(pair.near, F_GETFL)
            #expect(fcntl(pair.near, F_SETFL, flags | O_NONBLOCK) == 0)
            let socket = LinkSocket(descriptor: pair.near)
            let megabytes = [UInt8](repeating: 1, count: 4 << 20)
            let overrun = try await bestOverrun(of: .milliseconds(50)) {
                #expect(throws: ModbusError.timeout) {
                    try socket.send(megabytes, before: Deadline(after: .milliseconds(50)))
                }
            }
            #expect(overrun <= Self.allowed)
        }

        @Test func aDeadlineThatHasPassedEndsAtOnce() async throws {
            try await Bench.run { bench in
                try await bench.open()
                #expect(await bench.failure(timeout: .zero) == .timeout)
                #expect(
                    await bench.failure(timeout: .seconds(-1)) == .connectionLost(errno: ENOTCONN))
            }
        }

        @Test("R07 the deadline is in force when several addresses are tried")
        func addressesShareTheDeadline() async throws {
            let deadline = Deadline(after: .seconds(9))
            #expect(deadline.share(of: 3).remaining <= 3_000_000_000)
            #expect(deadline.share(of: 1).nanoseconds <= deadline.nanoseconds)
            #expect(Deadline(after: .seconds(-1)).remaining == 0)
        }
    }
}
