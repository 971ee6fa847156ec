import AgentTestSupport
import ChargeModel
import Modbus
import NIOPosix
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

    @Test func r41_answersMayComeLateForAnyLength() async throws {
        try await TestServer.run { test in
            // Ten bytes of each answer are sent later: many more than may be on their way at once.
            try await test.server.setWireFaults([WireFaultRule(.drip(.microseconds(1)))])
            try await RawConnection.open(port: test.port) { connection in
                for id in UInt16(0)..<500 {
                    try await connection.send(.readPilot(id))
                    try await connection.expect(.pilot(id))
                }
            }
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

    @Test func r41_aHalfOpenConnectionIsDeadAndAnotherIsNot() async throws {
        try await TestServer.run { test in
            try await test.server.setWireFaults([WireFaultRule(.halfOpen, count: 1)])
            try await RawConnection.open(port: test.port) { dead in
                let write = ModbusOperation.writeSingleRegister(address: 0, value: 100)
                try await dead.send(.readPilot(1))
                while !test.server.wallbox.wireFaults.rules.isEmpty { await Task.yield() }
                try await dead.send(ModbusTCPFrame(2, write))
                try await RawConnection.open(port: test.port) { other in
                    try await other.send(.readPilot(3))
                    try await other.expect(.pilot(3))
                }
                try await test.server.close()
                #expect(await dead.receiveToEnd() == [])
            }
            #expect(test.server.wallbox.writes.isEmpty)
        }
    }

    @Test func r41_aWallboxThatRestartsForgetsAndAnswersAgainAfterItsBoot() async throws {
        try await TestServer.run { test in
            try await RawConnection.open(port: test.port) { connection in
                let write = ModbusOperation.writeSingleRegister(address: 0, value: 100)
                try await connection.send(ModbusTCPFrame(1, write))
                _ = try await connection.receive(12)
                try await test.server.setWireFaults([WireFaultRule(.reboot, count: 1)])
                try await connection.send(.readPilot(2))
                #expect(await connection.receiveToEnd() == [])
            }
            #expect(test.server.wallbox.truth.isBooting)
            test.clock.advance(by: .seconds(5))
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(3))
                try await connection.expect(.pilot(3))
            }
            #expect(test.server.wallbox.truth.setpoint == .amperes(32))
        }
    }

    @Test func r41_aSecondClientIsResetAsLongAsTheFirstIsThere() async throws {
        try await TestServer.run { test in
            try await test.server.setWireFaults([WireFaultRule(.singleClient)])
            try await RawConnection.open(port: test.port) { first in
                try await first.send(.readPilot(1))
                try await first.expect(.pilot(1))
                do {
                    try await RawConnection.open(port: test.port) { second in
                        #expect(await second.receiveToEnd() == [])
                    }
                } catch let error as NIOConnectionError {
                    // The reset may come while it still connects.
                    #expect(!error.connectionErrors.isEmpty)
                }
                try await first.send(.readPilot(2))
                try await first.expect(.pilot(2))
            }
            while test.server.connectionCount > 0 { await Task.yield() }
            try await RawConnection.open(port: test.port) { next in
                try await next.send(.readPilot(3))
                try await next.expect(.pilot(3))
            }
        }
    }

    @Test func r41_aSlowStartLeavesTheFirstRequestsUnanswered() async throws {
        try await TestServer.run { test in
            try await test.server.setWireFaults([WireFaultRule(.slowStart(.seconds(3)))])
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(.readPilot(1))
                while test.server.wallbox.ignoredFrames < 1 { await Task.yield() }
                test.clock.advance(by: .seconds(3))
                try await connection.send(.readPilot(2))
                try await connection.expect(.pilot(2))
            }
        }
    }

    @Test func r41_aRuleHoldsForItsOwnWallboxUnlessItSaysOtherwise() async throws {
        try await TestServer.run { test in
            var rule = WireFaultRule(.exception(.gatewayTargetFailedToRespond), count: 1)
            try await test.server.setWireFaults([rule])
            try await RawConnection.open(port: test.port) { connection in
                // Nobody is unit 9, and the rule is not for it.
                try await connection.send(.readPilot(1, unit: 9))
                try await connection.send(.readPilot(2))
                #expect(try await connection.receive(9) == [0, 2, 0, 0, 0, 3, 1, 0x84, 0x0B])
                rule.isForAnyUnit = true
                try await test.server.setWireFaults([rule])
                try await connection.send(.readPilot(3, unit: 9))
                #expect(try await connection.receive(9) == [0, 3, 0, 0, 0, 3, 9, 0x84, 0x0B])
            }
        }
    }
}
