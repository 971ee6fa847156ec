import Modbus

/// What every ``ModbusBus`` must do, whatever is behind it: the adapters and their test doubles pass
/// the same clauses.
///
/// A test target runs each clause against a fresh subject:
///
///     @Test(arguments: ModbusBusContract.allCases)
///     func keepsTheContract(clause: ModbusBusContract) async throws {
///         try await clause.check(subject)
///     }
package enum ModbusBusContract: String, CaseIterable, Sendable {
    case requestOnAClosedLinkIsLost
    case readsGiveTheRegistersAskedFor
    case writesAreConfirmed
    case exceptionLeavesTheLinkOpen
    case requestOutsideTheSpecificationIsRefused
    case afterATimeoutTheNextAnswerIsRight
    case closingIsRepeatable
    case openingAgainReplacesTheLink
    case cancelledTaskLeavesTheNextAnswerRight
    case concurrentCallersGetTheirOwnAnswers
    case absentPeerIsReported
    case shutDownBusCarriesNothingOut

    /// How the unit at the far end behaves.
    package enum Situation: Hashable, Sendable {
        /// Registers hold ``RegisterPattern``; writes are taken.
        case answering
        case refusing(ModbusException)
        case silent
        /// Opening fails. Nothing follows after it.
        case absent
    }

    /// A bus, closed, and the means to tell the unit behind it how to behave.
    package struct Subject: Sendable {
        package var bus: any ModbusBus
        /// Long enough for an answer on a busy machine.
        package var timeout: Duration
        /// Short enough to be waited for in full.
        package var shortTimeout: Duration
        /// Whom to ask; all of them behave alike.
        package var units: [UInt8] = [1, 0, 247, 255]
        package var behave: @Sendable (Situation) async -> Void

        package init(
            bus: any ModbusBus, timeout: Duration, shortTimeout: Duration,
            units: [UInt8] = [1, 0, 247, 255],
            behave: @escaping @Sendable (Situation) async -> Void
        ) {
            self.bus = bus
            self.timeout = timeout
            self.shortTimeout = shortTimeout
            self.units = units
            self.behave = behave
        }
    }

    /// What was not as it should be.
    package struct Breach: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Throws: ``Breach``, or the ``ModbusError`` of a step that should have succeeded.
    package func check(_ subject: Subject) async throws {
        await subject.behave(.answering)
        switch self {
        case .requestOnAClosedLinkIsLost: try await subject.expectLost()
        case .readsGiveTheRegistersAskedFor: try await checkReads(subject)
        case .writesAreConfirmed: try await checkWrites(subject)
        case .exceptionLeavesTheLinkOpen: try await checkException(subject)
        case .requestOutsideTheSpecificationIsRefused: try await checkRefusal(subject)
        case .afterATimeoutTheNextAnswerIsRight: try await checkTimeout(subject)
        case .closingIsRepeatable: try await checkClosing(subject)
        case .openingAgainReplacesTheLink: try await checkReplacing(subject)
        case .cancelledTaskLeavesTheNextAnswerRight: try await checkCancellation(subject)
        case .concurrentCallersGetTheirOwnAnswers: try await checkConcurrency(subject)
        case .absentPeerIsReported: try await checkAbsence(subject)
        case .shutDownBusCarriesNothingOut: try await checkShutDown(subject)
        }
    }

    // MARK: - Clauses

    private func checkReads(_ subject: Subject) async throws {
        try await subject.open()
        for count: UInt16 in [1, 2, 124, 125] {
            try await subject.expectAnswer(.readHoldingRegisters(address: 40, count: count))
            try await subject.expectAnswer(.readInputRegisters(address: 40, count: count))
        }
        try await subject.expectAnswer(.readHoldingRegisters(address: 0xFFFF, count: 1))
        for count: UInt16 in [1, 7, 8, 9, 16, 1_999, 2_000] {
            try await subject.expectAnswer(.readCoils(address: 40, count: count))
            try await subject.expectAnswer(.readDiscreteInputs(address: 40, count: count))
        }
        for unit in subject.units {
            try await subject.expectAnswer(.readInputRegisters(address: 3, count: 2), unit: unit)
        }
    }

    private func checkWrites(_ subject: Subject) async throws {
        try await subject.open()
        try await subject.expectAnswer(.writeSingleRegister(address: 0, value: 0xFFFF))
        try await subject.expectAnswer(.writeSingleCoil(address: 0xFFFF, isOn: true))
        try await subject.expectAnswer(.writeSingleCoil(address: 0, isOn: false))
        for count in [1, 2, 123] {
            let values = (0..<count).map { UInt16($0) }
            try await subject.expectAnswer(.writeMultipleRegisters(address: 9, values: values))
        }
    }

    private func checkException(_ subject: Subject) async throws {
        try await subject.open()
        for exception in [ModbusException.illegalDataAddress, .serverDeviceBusy] {
            await subject.behave(.refusing(exception))
            try await subject.expect(.exception(exception))
        }
        await subject.behave(.answering)
        try await subject.expectAnswer()
    }

    private func checkRefusal(_ subject: Subject) async throws {
        try await subject.open()
        for operation: ModbusOperation in [
            .readHoldingRegisters(address: 0, count: 0),
            .readInputRegisters(address: 0, count: 126),
            .readCoils(address: 0, count: 0),
            .readDiscreteInputs(address: 0, count: 2_001),
            .writeMultipleRegisters(address: 0, values: []),
            .writeMultipleRegisters(address: 0, values: [UInt16](repeating: 0, count: 124)),
        ] {
            try await subject.expect(.exception(.illegalDataValue), to: operation)
        }
        try await subject.expectAnswer()
    }

    private func checkTimeout(_ subject: Subject) async throws {
        try await subject.open()
        await subject.behave(.silent)
        try await subject.expect(.timeout, within: subject.shortTimeout)
        await subject.behave(.answering)
        if subject.bus.recovery == .reopen {
            try await subject.expectLost()
            try await subject.open()
        }
        try await subject.expectAnswer()
        for address: UInt16 in 0..<5 {
            try await subject.expectAnswer(.readHoldingRegisters(address: address, count: 2))
        }
    }

    private func checkClosing(_ subject: Subject) async throws {
        await subject.bus.close()
        try await subject.open()
        await subject.bus.close()
        await subject.bus.close()
        try await subject.expectLost()
    }

    private func checkReplacing(_ subject: Subject) async throws {
        try await subject.open()
        try await subject.expectAnswer()
        try await subject.open()
        try await subject.expectAnswer()
    }

    private func checkCancellation(_ subject: Subject) async throws {
        try await subject.open()
        for address in UInt16(0)..<50 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await subject.expectAnswer(
                        .readHoldingRegisters(address: address, count: 3))
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            try await subject.expectAnswer(
                .readHoldingRegisters(address: 1_000 + address, count: 3))
        }
    }

    private func checkConcurrency(_ subject: Subject) async throws {
        try await subject.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in UInt16(0)..<64 {
                group.addTask {
                    for turn in UInt16(0)..<10 {
                        let operation = ModbusOperation.readInputRegisters(
                            address: caller * 100 + turn, count: 1 + caller % 5)
                        try await subject.expectAnswer(
                            operation, unit: subject.units[Int(caller) % subject.units.count])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func checkAbsence(_ subject: Subject) async throws {
        await subject.behave(.absent)
        do {
            try await subject.open()
        } catch ModbusError.connectionLost, ModbusError.timeout, ModbusError.portUnusable {
            return try await subject.expectLost()
        }
        throw Breach(description: "a link to nobody was opened")
    }

    private func checkShutDown(_ subject: Subject) async throws {
        try await subject.open()
        await subject.bus.shutDown()
        await subject.bus.shutDown()
        try await subject.expect(.busShutDown)
        await subject.bus.close()
        do {
            try await subject.open()
        } catch ModbusError.busShutDown {
            return
        }
        throw Breach(description: "a bus that is shut down was opened")
    }
}

extension ModbusBusContract.Subject {
    fileprivate static var someRead: ModbusOperation {
        .readHoldingRegisters(address: 77, count: 2)
    }

    fileprivate func open() async throws {
        try await bus.open(timeout: timeout)
    }

    fileprivate func expectAnswer(
        _ operation: ModbusOperation = someRead, unit: UInt8 = 1
    ) async throws {
        let request = ModbusRequest(unit: unit, operation: operation)
        let response = try await bus.perform(request, timeout: timeout)
        guard response == RegisterPattern.response(to: request) else {
            throw ModbusBusContract.Breach(description: "\(request) was answered \(response)")
        }
    }

    fileprivate func expect(
        _ expected: ModbusError, to operation: ModbusOperation = someRead,
        within timeout: Duration? = nil
    ) async throws {
        let failure = await failure(of: operation, timeout: timeout ?? self.timeout)
        guard failure == expected else {
            throw ModbusBusContract.Breach(
                description: "\(operation) ended as \(String(describing: failure))")
        }
    }

    fileprivate func expectLost() async throws {
        let failure = await failure(of: Self.someRead, timeout: timeout)
        guard case .connectionLost = failure else {
            throw ModbusBusContract.Breach(
                description: "on a closed link a request ended as \(String(describing: failure))")
        }
    }

    private func failure(
        of operation: ModbusOperation, timeout: Duration
    ) async -> ModbusError? {
        do {
            _ = try await bus.perform(
                ModbusRequest(unit: 1, operation: operation), timeout: timeout)
            return nil
        } catch {
            return error
        }
    }
}
