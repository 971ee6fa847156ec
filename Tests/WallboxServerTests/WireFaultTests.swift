import ChargeModel
import Modbus
import Testing
import WallboxModel
import WallboxServer

/// R41: wire faults on a real socket. What each makes of the bytes is shown with the plan itself;
/// here it is shown that they arrive.
@Suite(.timeLimit(.minutes(2))) struct WireFaultTests {
    /// Runs a body on a connection to a server with one fault that strikes once.
    private func once(
        _ fault: WireFault, _ body: (inout RawConnection) async throws -> Void
    ) async throws {
        try await TestServer.run { test in
            try await test.server.setWireFaults([WireFaultRule(fault, count: 1)])
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(1))
                try await body(&connection)
            }
        }
    }

    @Test func r41_aLateAnswerComesAfterTheNextOne() async throws {
        try await once(.delay(.milliseconds(300))) { connection in
            try await connection.send(.readPilot(2))
            try await connection.expect(.pilot(2))
            try await connection.expect(.pilot(1))
        }
    }

    @Test func r41_aDroppedAnswerNeverComes() async throws {
        try await once(.drop) { connection in
            try await connection.send(.readPilot(2))
            try await connection.expect(.pilot(2))
        }
    }

    @Test func r41_aDuplicatedAnswerComesTwice() async throws {
        try await once(.duplicate) { connection in
            try await connection.expect(.pilot(1))
            try await connection.expect(.pilot(1))
        }
    }

    @Test func r41_aHeldAnswerComesBehindTheNextOne() async throws {
        try await once(.reorder) { connection in
            try await connection.send(.readPilot(2))
            try await connection.expect(.pilot(2))
            try await connection.expect(.pilot(1))
        }
    }

    @Test func r41_aDrippingAnswerIsWholeInTheEnd() async throws {
        try await once(.drip(.milliseconds(5))) { connection in
            try await connection.expect(.pilot(1))
        }
    }

    @Test func r41_aWrongTransactionIDArrives() async throws {
        try await once(.wrongTransactionID) { connection in
            try await connection.expect(.pilot(2))
        }
    }

    @Test(arguments: [WireFault.close, .reset])
    func r41_theConnectionEndsInsteadOfAnAnswer(_ fault: WireFault) async throws {
        try await once(fault) { connection in
            #expect(await connection.receiveToEnd() == [])
        }
    }

    @Test func r41_anExceptionIsAnsweredAndNothingCarriedOut() async throws {
        try await TestServer.run { test in
            try await test.server.setWireFaults([
                WireFaultRule(.exception(.serverDeviceBusy), count: 1, scope: .writes)
            ])
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(1))
                try await connection.expect(.pilot(1))
                try await connection.send(
                    ModbusTCPFrame(2, .writeSingleRegister(address: 0, value: 100)))
                #expect(try await connection.receive(9).suffix(2) == [0x86, 6])
            }
            #expect(test.server.wallbox.truth.setpoint == .amperes(32))
            #expect(
                test.server.wallbox.writes.map(\.access.outcome) == [.refused(.serverDeviceBusy)])
        }
    }

    @Test func r41_aSilentWallboxReadsAndAnswersNothingUntilItIsSoundAgain() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(1))
                try await connection.expect(.pilot(1))
                try await test.server.setWireFaults([WireFaultRule(.silence)])
                let write = ModbusOperation.writeSingleRegister(address: 0, value: 100)
                try await connection.send(ModbusTCPFrame(2, write))
                // The fault must still stand when the frame is read.
                while test.server.wallbox.ignoredFrames < 1 { await Task.yield() }
                try await test.server.setWireFaults([])
                try await connection.send(.readPilot(3))
                try await connection.expect(.pilot(3))
            }
            #expect(test.server.wallbox.writes.isEmpty)
        }
    }

    @Test func r41_aWallboxThatHangsAcceptsAndNeverAnswers() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { old in
                try await old.send(.readPilot(1))
                try await old.expect(.pilot(1))
                try await test.server.setWireFaults([WireFaultRule(.hangOnAccept)])
                try await RawConnection.open(port: test.port) { hanging in
                    try await hanging.send(.readPilot(2))
                    try await old.send(.readPilot(3))
                    try await old.expect(.pilot(3))
                    try await test.server.close()
                    #expect(await hanging.receiveToEnd() == [])
                }
            }
        }
    }

    @Test func r41_aWallboxThatRefusesResetsWhatIsOpenAndComesBackOnItsPort() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(1))
                try await connection.expect(.pilot(1))
                try await test.server.setWireFaults([WireFaultRule(.refuse)])
                #expect(await connection.receiveToEnd() == [])
            }
            await #expect(throws: (any Error).self) {
                try await RawConnection.open(port: test.port) { _ in }
            }
            try await test.server.setWireFaults([])
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(2))
                try await connection.expect(.pilot(2))
            }
        }
    }
}
