import AgentTestSupport
import Dispatch
import Glibc
import Modbus
import Testing

@testable import LibmodbusBus

struct ConnectTests {
    @Test("R24 a refused connection is reported at once")
    func refusedConnectionIsReportedAtOnce() async throws {
        try await Bench.run { bench in
            bench.peer.stop()
            await #expect(throws: ModbusError.connectionLost(errno: ECONNREFUSED)) {
                try await bench.open(timeout: .seconds(60))
            }
        }
    }

    @Test("R24 connection attempts keep their distance")
    func attemptsKeepTheirDistance() async throws {
        let floor = Duration.milliseconds(100)
        try await Bench.run(reconnectFloor: floor) { bench in
            for _ in 0..<4 { try await bench.open() }
            #expect(try await eventually { bench.peer.acceptedAt.count == 4 })
            let times = bench.peer.acceptedAt
            // The peer sees the attempts a little late; only the sum is exact enough to be held.
            let span = try #require(times.first).duration(to: try #require(times.last))
            #expect(span >= floor * 3 - .milliseconds(50))
        }
    }

    @Test("R24 the time kept between attempts does not shorten the attempt")
    func distanceDoesNotShortenTheAttempt() async throws {
        try await Bench.run(reconnectFloor: .milliseconds(300)) { bench in
            try await bench.open()
            try await bench.open(timeout: .milliseconds(200))
            try await bench.expectAnswer()
        }
    }

    @Test func namesAreResolved() async throws {
        let peer = try ScriptedModbusPeer()
        let bus = LibmodbusTCPBus(host: "localhost", port: peer.port, reconnectFloor: .zero)
        try await bus.open(timeout: .seconds(60))
        let request = ModbusRequest(
            unit: 1, operation: .readHoldingRegisters(address: 3, count: 1))
        let response = try await bus.perform(request, timeout: .seconds(60))
        #expect(response == RegisterPattern.response(to: request))
        await bus.shutDown()
        peer.stop()
    }

    @Test(
        "R07 a name that nobody knows ends within the deadline",
        arguments: ["no-such-wallbox.invalid", "", "a b", "999.1.1.1"])
    func unknownNameEndsWithinTheDeadline(host: String) async throws {
        let bus = LibmodbusTCPBus(host: host, port: 502, reconnectFloor: .zero)
        let elapsed = await ContinuousClock().measure {
            await #expect(throws: ModbusError.self) {
                try await bus.open(timeout: .milliseconds(500))
            }
        }
        #expect(elapsed < .seconds(30))
        await bus.shutDown()
    }

    @Test("R07 a name server that does not answer holds up nobody past the deadline")
    func silentNameServerHoldsUpNobody() async throws {
        let answer = DispatchSemaphore(value: 0)
        let calls = Locked(0)
        let lookup = try NameLookup(host: "wallbox", port: 502) { _, _ in
            calls.withLock { $0 += 1 }
            answer.wait()
            return .success([])
        }
        // Waited for again and again, it is asked once.
        for _ in 0..<3 {
            #expect(throws: ModbusError.timeout) {
                try lookup.addresses(before: Deadline(after: .milliseconds(20)), gate: LinkGate())
            }
        }
        #expect(!lookup.isFinished)
        answer.signal()
        #expect(try lookup.addresses(before: Deadline(after: .seconds(30)), gate: LinkGate()) == [])
        #expect(lookup.isFinished)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func numericAddressesOfBothFamiliesNeedNoLookup() {
        #expect(SocketAddress.numeric(host: "192.0.2.1", port: 502)?.family == AF_INET)
        #expect(SocketAddress.numeric(host: "2001:db8::1", port: 502)?.family == AF_INET6)
        #expect(SocketAddress.numeric(host: "wallbox.local", port: 502) == nil)
    }

    @Test("R28 a descriptor that libmodbus cannot serve is refused")
    func tooHighDescriptorIsRefused() throws {
        let pair = try SocketPair()
        #expect(try TCPConnector.admitted(pair.near) == pair.near)
        #expect(throws: ModbusError.connectionLost(errno: EMFILE)) {
            try TCPConnector.admitted(pair.near, below: pair.near)
        }
        // It has been closed: the other end sees the end of the stream.
        var byte: UInt8 = 0
        #expect(recv(pair.far, &byte, 1, 0) == 0)
        close(pair.far)
    }
}

struct ShutDownTests {
    @Test func everythingPendingEndsWhenTheBusIsShutDown() async throws {
        try await Bench.run({ _ in .silence }) { bench in
            try await bench.open()
            try await withThrowingTaskGroup(of: ModbusError?.self) { group in
                for _ in 0..<10 {
                    group.addTask { await bench.failure(timeout: .seconds(60)) }
                }
                #expect(try await eventually { bench.peer.requests.count == 1 })
                let elapsed = await ContinuousClock().measure { await bench.bus.shutDown() }
                #expect(elapsed < .seconds(30))
                for try await failure in group { #expect(failure == .busShutDown) }
            }
            #expect(try await eventually { bench.peer.openConnections == 0 })
        }
    }

    @Test func aConnectionAttemptEndsWhenTheBusIsShutDown() async throws {
        let hole = try BlackHolePort()
        let bus = LibmodbusTCPBus(host: "127.0.0.1", port: hole.port, reconnectFloor: .zero)
        async let failure = openingFailure(of: bus, timeout: .seconds(60))
        #expect(
            try await eventually { try threadNames().contains("modbus:\(hole.port)") })
        let elapsed = await ContinuousClock().measure { await bus.shutDown() }
        #expect(elapsed < .seconds(30))
        #expect(await failure == .busShutDown)
    }

    @Test func theWaitBetweenAttemptsEndsWhenTheBusIsShutDown() async throws {
        try await Bench.run(reconnectFloor: .seconds(60)) { bench in
            try await bench.open()
            async let failure = openingFailure(of: bench.bus, timeout: .seconds(60))
            #expect(try await eventually { bench.peer.openConnections == 0 })
            let elapsed = await ContinuousClock().measure { await bench.bus.shutDown() }
            #expect(elapsed < .seconds(30))
            #expect(await failure == .busShutDown)
        }
    }

    @Test func aBusThatIsShutDownRefusesEverything() async throws {
        try await Bench.run { bench in
            try await bench.open()
            await bench.bus.shutDown()
            await bench.bus.shutDown()
            #expect(await bench.failure() == .busShutDown)
            await #expect(throws: ModbusError.busShutDown) { try await bench.open() }
            await bench.bus.close()
            #expect(bench.peer.acceptedAt.count == 1)
        }
    }

    @Test func theThreadEndsWithTheBus() async throws {
        try await Bench.run { bench in
            let name = "modbus:\(bench.peer.port)"
            #expect(try !threadNames().contains(name))
            try await bench.open()
            #expect(try threadNames().contains(name))
            await bench.bus.shutDown()
            #expect(try await eventually { try !threadNames().contains(name) })
        }
    }

    @Test func aBusThatIsForgottenTakesItsThreadAndLinkWithIt() async throws {
        let peer = try ScriptedModbusPeer()
        let name = "modbus:\(peer.port)"
        do {
            let bus = LibmodbusTCPBus(host: "127.0.0.1", port: peer.port)
            try await bus.open(timeout: .seconds(60))
            #expect(try threadNames().contains(name))
        }
        #expect(try await eventually { try !threadNames().contains(name) })
        #expect(try await eventually { peer.openConnections == 0 })
        peer.stop()
    }

    @Test("R27 a bus thread within its deadline counts as responsive")
    func threadWithinItsDeadlineCountsAsResponsive() async throws {
        try await Bench.run({ _ in .silence }) { bench in
            #expect(bench.bus.isResponsive())
            try await bench.open()
            async let failure = bench.failure(timeout: .milliseconds(300))
            #expect(try await eventually { bench.peer.requests.count == 1 })
            #expect(bench.bus.isResponsive(grace: .seconds(30)))
            #expect(await failure == .timeout)
            #expect(bench.bus.isResponsive(grace: .zero))
        }
        let pulse = BusPulse()
        pulse.begin(Deadline(after: .seconds(-2)))
        #expect(!pulse.isBeating(grace: .seconds(1)))
        #expect(pulse.isBeating(grace: .seconds(60)))
    }
}
