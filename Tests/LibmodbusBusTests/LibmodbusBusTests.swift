import AgentTestSupport
import Glibc
import LibmodbusBus
import Modbus
import Testing

struct ModbusBusContractTests {
    @Test(arguments: ModbusBusContract.allCases)
    func libmodbusOverTCPKeepsTheContract(clause: ModbusBusContract) async throws {
        let situation = Situation()
        try await Bench.run({ _ in situation.behaviour }) { bench in
            try await clause.check(
                ModbusBusContract.Subject(
                    bus: bench.bus, timeout: .seconds(60), shortTimeout: .milliseconds(100)
                ) {
                    if $0 == .absent { bench.peer.stop() }
                    situation.set($0)
                })
        }
    }

    @Test(arguments: RTUBench.Line.allCases, ModbusBusContract.allCases)
    func libmodbusWithRTUFramesKeepsTheContract(
        line: RTUBench.Line, clause: ModbusBusContract
    ) async throws {
        let situation = Situation()
        try await RTUBench.run(line, { _ in situation.behaviour }) { bench in
            try await clause.check(
                ModbusBusContract.Subject(
                    bus: bench.bus, timeout: .seconds(60), shortTimeout: .milliseconds(100),
                    units: [1, 2, 246, 247]
                ) {
                    if $0 == .absent { bench.stopPeer() }
                    situation.set($0)
                })
        }
    }

    @Test(arguments: ModbusBusContract.allCases)
    func theTestDoubleKeepsTheContract(clause: ModbusBusContract) async throws {
        let bus = MemoryModbusBus()
        try await clause.check(
            ModbusBusContract.Subject(
                bus: bus, timeout: .zero, shortTimeout: .zero
            ) { await bus.behave($0) })
    }

    private final class Situation: Sendable {
        private let situation = Locked(ModbusBusContract.Situation.answering)

        func set(_ new: ModbusBusContract.Situation) { situation.withLock { $0 = new } }

        var behaviour: ScriptedModbusPeer.Behaviour {
            switch situation.withLock({ $0 }) {
            case .answering: .answer
            case .refusing(let exception): .exception(exception.rawValue)
            case .silent, .absent: .silence
            }
        }
    }
}

struct ExceptionTests {
    @Test("R25 all 256 exception codes come through and leave the link open")
    func exceptionsLeaveTheLinkOpen() async throws {
        try await Bench.run({ .exception(UInt8($0.index & 0xFF)) }) { bench in
            try await bench.open()
            for code in UInt8.min...UInt8.max {
                let operation: ModbusOperation =
                    switch code % 7 {
                    case 0: .readHoldingRegisters(address: 1, count: 1)
                    case 1: .readInputRegisters(address: 1, count: 125)
                    case 2: .writeSingleRegister(address: 1, value: 1)
                    case 3: .readCoils(address: 1, count: 2_000)
                    case 4: .readDiscreteInputs(address: 1, count: 1)
                    case 5: .writeSingleCoil(address: 1, isOn: true)
                    default: .writeMultipleRegisters(address: 1, values: [1, 2])
                    }
                let failure = await bench.failure(of: operation)
                #expect(failure == .exception(ModbusException(rawValue: code)))
            }
            #expect(bench.peer.acceptedAt.count == 1)
        }
    }
}

struct OwnershipTests {
    @Test("R23 64 callers on each of 8 buses get their own answers, one request at a time")
    func callersGetTheirOwnAnswers() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await Bench.run { bench in
                        try await bench.open()
                        try await Self.readWithManyCallers(bench)
                        #expect(bench.peer.requests.count == 64 * 5)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func readWithManyCallers(_ bench: Bench) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in UInt16(0)..<64 {
                group.addTask {
                    for turn in UInt16(0)..<5 {
                        try await bench.expectAnswer(
                            .readInputRegisters(address: caller * 256 + turn, count: 1 + turn),
                            timeout: .seconds(60))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("R23 requests go out in the order in which they were made")
    func requestsGoOutInOrder() async throws {
        try await Bench.run { bench in
            try await bench.open()
            for address in UInt16(0)..<100 {
                try await bench.expectAnswer(.readHoldingRegisters(address: address, count: 1))
            }
            #expect(bench.peer.requests.map(\.operation.address) == Array(0..<100))
        }
    }

    @Test("R24 silent wallboxes, more than there are cores, hold up nobody else")
    func silentWallboxesHoldUpNobodyElse() async throws {
        let peer = try ScriptedModbusPeer { _ in .silence }
        let silent = (0..<8).map { _ in
            LibmodbusTCPBus(host: "127.0.0.1", port: peer.port, reconnectFloor: .zero)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for bus in silent {
                group.addTask {
                    try await bus.open(timeout: .seconds(60))
                    let request = ModbusRequest(
                        unit: 1, operation: .readHoldingRegisters(address: 1, count: 1))
                    await #expect(throws: ModbusError.busShutDown) {
                        try await bus.perform(request, timeout: .seconds(60))
                    }
                }
            }
            #expect(try await eventually { peer.requests.count == silent.count })
            // Were the silent ones on Swift's threads, this would take their minute.
            try await Bench.run { other in
                try await other.open()
                for _ in 0..<50 { try await other.expectAnswer() }
            }
            for bus in silent { await bus.shutDown() }
            try await group.waitForAll()
        }
        peer.stop()
    }
}

struct BusComparisonTests {
    @Test func bothWaysOfReadingAreMeasured() async throws {
        let peer = try ScriptedModbusPeer()
        let result = try await BusComparison.run(
            host: "127.0.0.1", port: peer.port, unit: 1, address: 7, rounds: 200)
        peer.stop()
        #expect(result.plain.medianNanoseconds > 0)
        #expect(result.plain.medianNanoseconds <= result.plain.p99Nanoseconds)
        #expect(result.bus.medianNanoseconds <= result.bus.p99Nanoseconds)
        #expect(peer.requests.count == 2 * (100 + 200))
        #expect(peer.acceptedAt.count == 2)
    }

    @Test func aComparisonWithNobodyFails() async throws {
        let peer = try ScriptedModbusPeer()
        peer.stop()
        await #expect(throws: ModbusError.connectionLost(errno: ECONNREFUSED)) {
            try await BusComparison.run(
                host: "127.0.0.1", port: peer.port, unit: 1, address: 7, rounds: 1)
        }
    }
}
