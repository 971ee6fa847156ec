import AgentTestSupport
import ChargeModel
import Logging
import Modbus
import Testing
import WallboxModel
import WallboxServer

/// Simulated wallboxes as RTU slaves: on one line behind a pseudo-terminal, and over TCP.
@Suite(.timeLimit(.minutes(2))) struct SerialLineTests {
    /// Two wallboxes on one line, and what speaks to them.
    private func withLine(
        logger: Logger = .silent,
        _ body: (SimulatedSerialLine, inout RawConnection) async throws -> Void
    ) async throws {
        let clock = StandingClock()
        let profile = try DeviceFile.profile("reference-7kw")
        let line = try await SimulatedSerialLine.open(
            .pseudoTerminal,
            [1, 2].map { SimulatedWallbox(profile: profile, unit: $0, at: clock.now().monotonic) },
            clock: clock, logger: logger)
        do {
            try await RawConnection.open(terminal: line.path) { try await body(line, &$0) }
            try await line.close()
        } catch {
            try await line.close()
            throw error
        }
    }

    /// Reads the pilot register: 1 while no vehicle is there.
    private func readPilot(_ unit: UInt8) -> ModbusRTUFrame {
        ModbusRTUFrame(
            unit: unit, pdu: PDU.encode(.readInputRegisters(address: 32, count: 1)))
    }

    private func pilot(_ unit: UInt8, _ value: UInt8 = 1) -> ModbusRTUFrame {
        ModbusRTUFrame(unit: unit, pdu: [0x04, 2, 0, value])
    }

    @Test func wallboxesOnOneLineAnswerToTheirUnits() async throws {
        try await withLine { line, connection in
            line.wallboxes[1].update { $0.plug(Vehicle(), at: $1) }
            try await connection.send(readPilot(1).bytes)
            try await connection.expect(pilot(1))
            // Nobody is unit 9; the next answer is unit 2's.
            try await connection.send(readPilot(9).bytes)
            try await connection.send(readPilot(2).bytes)
            let answer = try await connection.receive(7)
            #expect(answer.prefix(3) == [2, 4, 2])
            #expect(answer != pilot(2).bytes, "a vehicle is there")
        }
    }

    @Test func aWriteReachesOneWallboxAndIsEchoed() async throws {
        try await withLine { line, connection in
            let write = ModbusRTUFrame(
                unit: 2, pdu: PDU.encode(.writeSingleRegister(address: 0, value: 100)))
            try await connection.send(write.bytes)
            try await connection.expect(write)
            #expect(line.wallboxes[1].truth.setpoint == .amperes(10))
            #expect(line.wallboxes[0].truth.setpoint != .amperes(10))
            #expect(line.wallboxes[1].writes.map(\.peer) == [line.path])
        }
    }

    @Test func aBrokenRequestIsPassedOverInSilence() async throws {
        let log = Messages()
        try await withLine(logger: log.logger) { line, connection in
            var broken = ModbusRTUFrame(
                unit: 1, pdu: PDU.encode(.writeSingleRegister(address: 0, value: 100)))
            broken.checksumError = 1
            try await connection.send(broken.bytes)
            #expect(try await eventually { log.messages.contains("passed over a broken frame") })
            try await connection.send(readPilot(1).bytes)
            try await connection.expect(pilot(1))
            #expect(line.wallboxes[0].writes.isEmpty)
        }
    }

    @Test func aFunctionThatThereIsNotIsRefused() async throws {
        try await withLine { _, connection in
            try await connection.send(ModbusRTUFrame(unit: 1, pdu: [0x2B, 0x0E, 1, 0]).bytes)
            try await connection.expect(ModbusRTUFrame(unit: 1, pdu: [0xAB, 1]))
        }
    }

    @Test func r41_wireFaultsStrikeOneWallboxOfTheLine() async throws {
        try await withLine { line, connection in
            let front = SerialWallboxFront(line.wallboxes[0])
            try await front.setWireFaults([WireFaultRule(.wrongChecksum, count: 1)], seed: 1)
            try await connection.send(readPilot(2).bytes)
            try await connection.expect(pilot(2))
            try await connection.send(readPilot(1).bytes)
            var wrong = pilot(1)
            wrong.checksumError = 0x1000
            try await connection.expect(wrong)
            // Closing a connection means nothing here: the request goes unanswered.
            try await front.setWireFaults([WireFaultRule(.close, count: 1)], seed: 1)
            try await connection.send(readPilot(1).bytes)
            try await connection.send(readPilot(2).bytes)
            try await connection.expect(pilot(2))
            try await front.setWireFaults([WireFaultRule(.delay(.milliseconds(100)))], seed: 1)
            try await connection.send(readPilot(1).bytes)
            try await connection.send(readPilot(2).bytes)
            try await connection.expect(pilot(2))
            try await connection.expect(pilot(1))
        }
    }

    @Test func theTerminalStaysWhenItsMasterClosesIt() async throws {
        let clock = StandingClock()
        let wallbox = SimulatedWallbox(
            profile: try DeviceFile.profile("reference-7kw"), at: clock.now().monotonic)
        let line = try await SimulatedSerialLine.open(
            .pseudoTerminal, [wallbox], clock: clock, logger: .silent)
        for _ in 0..<3 {
            try await RawConnection.open(terminal: line.path) { connection in
                try await connection.send(readPilot(1).bytes)
                try await connection.expect(pilot(1))
            }
        }
        try await line.close()
        try await line.close()
    }

    @Test func aPortThatIsNotThereIsSaid() async throws {
        let wallbox = SimulatedWallbox(
            profile: try DeviceFile.profile("reference-7kw"), at: StandingClock().now().monotonic)
        await #expect(
            throws: SimulatorError.cannotListen(
                "/dev/not-there", reason: "No such file or directory")
        ) {
            try await SimulatedSerialLine.open(
                .device("/dev/not-there", SerialSettings()), [wallbox], clock: StandingClock(),
                logger: .silent)
        }
    }

    @Test func aSerialPortIsTakenForOneProgram() async throws {
        try await withLine { line, _ in
            let clock = StandingClock()
            let wallbox = SimulatedWallbox(
                profile: try DeviceFile.profile("reference-7kw"), unit: 3,
                at: clock.now().monotonic)
            // A pseudo-terminal is a serial port like any other.
            let port = SimulatedSerialLine.Port.device(
                line.path, SerialSettings(baud: 115_200, parity: .even, stopBits: 2))
            let second = try await SimulatedSerialLine.open(
                port, [wallbox], clock: clock, logger: .silent)
            #expect(second.path == line.path)
            await #expect(throws: SimulatorError.addressInUse(line.path)) {
                try await SimulatedSerialLine.open(
                    port, [wallbox], clock: clock, logger: .silent)
            }
            try await second.close()
        }
    }

    @Test func rtuFramesAreAnsweredOverTCP() async throws {
        try await TestServer.run(framing: .rtu) { test in
            try await RawConnection.open(port: test.port) { connection in
                try await connection.send(readPilot(9).bytes + readPilot(1).bytes)
                try await connection.expect(pilot(1))
                try await test.server.setWireFaults([WireFaultRule(.close)])
                try await connection.send(readPilot(1).bytes)
                #expect(await connection.receiveToEnd() == [])
            }
        }
    }
}

/// What was logged.
private struct Messages: Sendable {
    private let kept = Locked<[String]>([])

    var messages: [String] { kept.withLock { $0 } }

    var logger: Logger {
        let kept = kept
        return Logger(label: "test") { _ in Handler(kept: kept) }
    }

    private struct Handler: LogHandler {
        let kept: Locked<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            kept.withLock { $0.append("\(event.message)") }
        }
    }
}

extension RawConnection {
    mutating func expect(
        _ frame: ModbusRTUFrame, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let bytes = try await receive(frame.bytes.count)
        #expect(bytes == frame.bytes, sourceLocation: sourceLocation)
    }
}
