import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel
import WallboxServer

/// Modbus TCP as it arrives: whole, in pieces, several at once, and broken.
@Suite(.timeLimit(.minutes(2))) struct ModbusTCPServerTests {
    @Test func aRequestIsAnswered() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(0x1234))
                try await connection.expect(.pilot(0x1234))
            }
        }
    }

    @Test func aRequestMayComeByteByByte() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                for byte in ModbusTCPFrame.readPilot(7).bytes { try await connection.send([byte]) }
                try await connection.expect(.pilot(7))
            }
        }
    }

    @Test func requestsThatComeTogetherAreAnsweredInOrder() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                let whole = (1...20).flatMap { ModbusTCPFrame.readPilot($0).bytes }
                let half = ModbusTCPFrame.readPilot(21).bytes
                try await connection.send(whole + half.prefix(9))
                for id in 1...20 as ClosedRange<UInt16> {
                    try await connection.expect(.pilot(id))
                }
                try await connection.send(Array(half.dropFirst(9)))
                try await connection.expect(.pilot(21))
            }
        }
    }

    @Test func aFrameOfAnotherProtocolIsPassedOver() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                var foreign = ModbusTCPFrame.readPilot(1)
                foreign.protocolID = 1
                try await connection.send(foreign)
                try await connection.send(.readPilot(2))
                try await connection.expect(.pilot(2))
            }
        }
    }

    @Test(arguments: [0, 1, 255, 0xFFFF] as [UInt16])
    func aLengthThatNoFrameHasEndsTheConnectionAndNoOther(_ length: UInt16) async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { bystander in
                try await RawConnection.open(port: test.port) { connection in
                    var frame = ModbusTCPFrame.readPilot(1)
                    frame.statedLength = length
                    try await connection.send(frame)
                    #expect(await connection.receiveToEnd() == [])
                }
                try await bystander.send(.readPilot(2))
                try await bystander.expect(.pilot(2))
            }
        }
    }

    @Test func onlyItsUnitsAnswer() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                for unit in [0, 2, 255] as [UInt8] {
                    try await connection.send(.readPilot(1, unit: unit))
                    // Not even when the function is unknown.
                    try await connection.send(
                        ModbusTCPFrame(transactionID: 1, unit: unit, pdu: [0x2B]))
                }
                try await connection.send(.readPilot(9))
                try await connection.expect(.pilot(9))
            }
        }
    }

    @Test func whatIsNoRequestIsRefused() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                let cases: [(pdu: [UInt8], answer: [UInt8])] = [
                    ([0x01, 0, 0, 0, 1], [0x81, 1]), ([0x2B], [0xAB, 1]), ([0x03], [0x83, 3]),
                    ([0x03, 0, 0, 0, 0], [0x83, 3]), ([0x04, 0, 0, 0, 126], [0x84, 3]),
                    ([0x03, 0x40, 0, 0, 1], [0x83, 2]),
                    ([0x10, 0, 0, 0, 1, 3, 0, 100], [0x90, 3]),
                    ([0x06, 0, 0, 0, 1], [0x86, 3]),
                ]
                for (pdu, answer) in cases {
                    try await connection.send(
                        ModbusTCPFrame(transactionID: 3, unit: 1, pdu: pdu))
                    try await connection.expect(
                        ModbusTCPFrame(transactionID: 3, unit: 1, pdu: answer))
                }
            }
        }
    }

    @Test func anotherUnitOfTheProfileAnswersForTheStation() async throws {
        try await TestServer.run("alfen-eve") { test in
            try await RawConnection.open(port: test.port) { connection in
                let read = ModbusOperation.readHoldingRegisters(address: 117, count: 5)
                try await connection.send(ModbusTCPFrame(1, unit: 200, read))
                let answer = try await connection.receive(19)
                #expect(String(decoding: answer[9..<14], as: UTF8.self) == "Alfen")
                try await connection.send(ModbusTCPFrame(2, unit: 1, read))
                #expect(try await connection.receive(9) == [0, 2, 0, 0, 0, 3, 1, 0x83, 2])
            }
        }
    }

    @Test func whatOneClientWritesAnotherReadsAndTheLogKeeps() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { writer in
                let write = ModbusOperation.writeSingleRegister(address: 0, value: 100)
                try await writer.send(ModbusTCPFrame(1, write))
                try await writer.expect(ModbusTCPFrame(1, write))
                let refused = ModbusOperation.writeSingleRegister(address: 0, value: 10)
                try await writer.send(ModbusTCPFrame(2, refused))
                _ = try await writer.receive(9)
            }
            try await RawConnection.open(port: test.port) { reader in
                try await reader.send(
                    ModbusTCPFrame(1, .readHoldingRegisters(address: 0, count: 1)))
                #expect(try await reader.receive(11).suffix(2) == [0, 100])
            }
            let writes = test.server.wallbox.writes
            #expect(writes.map(\.access.name) == ["setpoint", "setpoint"])
            #expect(writes.map(\.canonical) == [10_000, 1000])
            #expect(
                writes.map(\.access.outcome) == [.done, .refused(.illegalDataValue)])
            #expect(writes.allSatisfy { $0.peer.hasPrefix("127.0.0.1:") })
            #expect(test.server.wallbox.truth.setpoint == .amperes(10))
        }
    }

    @Test func theWallboxLivesInTheTimeOfTheClock() async throws {
        try await TestServer.run { test in
            test.server.wallbox.update {
                $0.plug(Vehicle(phases: 1, maximumCurrent: .amperes(20)), at: $1)
            }
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(1))
                try await connection.expect(.pilot(1, 3))
                test.clock.advance(by: .seconds(3600))
                try await connection.send(.readPilot(2))
                try await connection.expect(.pilot(2, 5))
            }
            #expect(4590...4600 ~= test.server.wallbox.truth.energyTotal.rawValue)
        }
    }

    @Test func aConnectionTooManyIsResetAndTheOthersGoOn() async throws {
        try await TestServer.run(maximumConnections: 1) { test in
            try await RawConnection.open(port: test.port) { first in
                try await first.send(.readPilot(1))
                try await first.expect(.pilot(1))
                #expect(await refusesConnections(test.port))
                try await first.send(.readPilot(2))
                try await first.expect(.pilot(2))
            }
        }
    }

    /// Whether a new connection is reset, before or after the client takes it for open.
    private func refusesConnections(_ port: Int) async -> Bool {
        do {
            return try await RawConnection.open(port: port) { await $0.receiveToEnd() == [] }
        } catch {
            return true
        }
    }

    @Test func manyClientsAtOnceAreAllAnswered() async throws {
        try await TestServer.run(maximumConnections: 32) { test in
            let port = test.port
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 1...16 as ClosedRange<UInt16> {
                    group.addTask {
                        try await RawConnection.open(port: port) { connection in
                            for number in 0..<100 as Range<UInt16> {
                                let id = client * 1000 + number
                                try await connection.send(.readPilot(id))
                                try await connection.expect(.pilot(id))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
