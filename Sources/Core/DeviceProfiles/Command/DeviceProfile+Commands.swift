import ChargeModel
import Modbus

/// One step of a command as it goes over the wire.
package indirect enum CommandOperation: Hashable, Codable, Sendable {
    case write(unit: RegisterUnit, ModbusOperation)
    case wait(Duration)
    /// Reads a register and writes it back with some bits changed, by ``DeviceProfile/write(raw:to:)``.
    case modify(RegisterID, set: UInt64, clear: UInt64)
    /// Polls until all conditions hold, or gives the command up.
    case waitUntil([RegisterCondition], within: Duration)
    /// Is carried out if the newest values fulfil all conditions.
    case when([RegisterCondition], [CommandOperation])
}

extension DeviceProfile {
    /// The writes and pauses of a command of ``ControlTraits``.
    ///
    /// The limit is cut to the model's maximum and rounded down to its step and to the register's
    /// resolution (requirement R1), whatever the caller has done already. Where the wallbox is set in
    /// watts it becomes the ``power(for:phases:)`` of that many phases.
    ///
    /// - Parameter phases: The phases that a vehicle is known to draw on: no more than it does, or
    ///   each of them gets more than the limit.
    /// - Precondition: `limit` is at least ``ControlTraits/minimum``, and has a power, when a step
    ///   writes it: below, the command is `idle` (requirement R2).
    package func operations(
        for steps: [CommandStep], limit: Milliamperes, phases: Int = 1
    ) -> [CommandOperation] {
        steps.map { step in
            switch step {
            case .wait(let duration): .wait(duration)
            case .write(let register, .raw(let raw)):
                gated(write(raw: raw, to: register), register)
            case .write(let register, .limit):
                gated(write(limit: limit, phases: phases, to: register), register)
            case .modify(let register, let set, let clear):
                gated(.modify(register, set: set, clear: clear), register)
            case .waitUntil(let conditions, let bound): .waitUntil(conditions, within: bound)
            case .when(let conditions, let steps):
                .when(conditions, operations(for: steps, limit: limit, phases: phases))
            }
        }
    }

    /// What is not there is not written: a step on a register with a gate depends on it.
    private func gated(_ operation: CommandOperation, _ register: RegisterID) -> CommandOperation {
        let gate = self[register].gate
        return gate.isEmpty ? operation : .when(gate, [operation])
    }

    /// The writes that keep the wallbox from taking its controller for dead; empty when nothing
    /// but polling is needed.
    ///
    /// - Parameter limit: The limit in force, for a setpoint that expires: below the minimum, that
    ///   is the command `idle`.
    package func heartbeatOperations(
        limit: Milliamperes, phases: Int = 1
    ) -> [CommandOperation] {
        heartbeat.kinds.flatMap { heartbeatOperations(of: $0, limit: limit, phases: phases) }
    }

    /// The writes of one sign of life.
    package func heartbeatOperations(
        of kind: Heartbeat.Kind, limit: Milliamperes, phases: Int = 1
    ) -> [CommandOperation] {
        switch kind {
        case .none, .anyRead: []
        case .rewriteSetpoint:
            operations(
                for: isOff(limit, phases: phases) ? control.idle : control.limit, limit: limit,
                phases: phases)
        case .write(let register, let raw): [gated(write(raw: raw, to: register), register)]
        case .rewriteFailsafeTimeout: failsafeTimeoutOperation.map { [$0] } ?? []
        }
    }

    /// The writes that arm the failsafe: first the current, then the timeout that makes it count,
    /// then what else switches it on. Empty when the wallbox lets none be set.
    ///
    /// - Precondition: `current` is 0 only if ``Failsafe/acceptsZero``.
    package func failsafeOperations(
        current: Milliamperes, phases: Int = 1
    ) -> [CommandOperation] {
        guard let failsafe else { return [] }
        precondition(
            current.rawValue > 0 || failsafe.acceptsZero, "\(id) takes no failsafe current of 0")
        var operations: [CommandOperation] = []
        if let register = failsafe.current {
            let value = canonicalLimit(current, phases: phases)
            operations.append(gated(write(canonical: value, to: register), register))
        }
        if let timeout = failsafeTimeoutOperation { operations.append(timeout) }
        return operations + self.operations(for: failsafe.arm, limit: current)
    }

    private var failsafeTimeoutOperation: CommandOperation? {
        guard let failsafe, let register = failsafe.timeout else { return nil }
        let milliseconds = Int(failsafe.timeoutValue.milliseconds)
        return gated(write(canonical: milliseconds, to: register), register)
    }

    // MARK: - Single writes

    private func write(
        limit: Milliamperes, phases: Int, to register: RegisterID
    ) -> CommandOperation {
        precondition(
            !isOff(limit, phases: phases),
            "a limit of \(limit) is below the minimum of \(id), \(control.minimum): idle instead")
        let value = canonicalLimit(limit, phases: phases)
        return write(
            canonical: control.isSetInWatts ? value : value - value % control.step.rawValue,
            to: register)
    }

    /// The write of a value in the canonical unit of its register, rounded down.
    ///
    /// - Precondition: The register can be written, and the value fits it.
    package func write(canonical: Int, to register: RegisterID) -> CommandOperation {
        guard let words = self[register].encode(canonical: canonical, rounding: .down) else {
            preconditionFailure(
                "\(canonical) does not fit register \(self[register].name) of \(id)")
        }
        return write(words, to: register)
    }

    /// The write of a raw value.
    ///
    /// - Precondition: The register can be written, and the value fits it.
    package func write(raw: UInt64, to register: RegisterID) -> CommandOperation {
        guard let words = self[register].encode(raw: raw) else {
            preconditionFailure("\(raw) does not fit register \(self[register].name) of \(id)")
        }
        return write(words, to: register)
    }

    private func write(_ words: [UInt16], to id: RegisterID) -> CommandOperation {
        let register = self[id]
        switch (register.write, register.space, words.first) {
        case (.some, .coil, .some(let bit)) where words.count == 1:
            return .write(
                unit: register.unit,
                .writeSingleCoil(address: register.address, isOn: bit != 0))
        case (.single, _, .some(let word)) where words.count == 1:
            return .write(
                unit: register.unit, .writeSingleRegister(address: register.address, value: word))
        case (.multiple, _, _):
            return .write(
                unit: register.unit,
                .writeMultipleRegisters(address: register.address, values: words))
        default:
            preconditionFailure("register \(register.name) of \(self.id) cannot be written")
        }
    }
}

extension DeviceProfile {
    /// Whether this request would write what must never be written (``denied``): the last line, for
    /// profiles that were not compiled from a file.
    package func denies(_ operation: ModbusOperation) -> Bool {
        guard operation.isWrite else { return false }
        return denied.contains { $0.concerns(operation) }
    }
}

extension DeniedWrite {
    fileprivate func concerns(_ operation: ModbusOperation) -> Bool {
        switch operation {
        case .writeSingleCoil(let address, let isOn):
            space == .coil && concerns([isOn ? 1 : 0], at: address)
        case .writeSingleRegister(let address, let word):
            space == .holding && concerns([word], at: address)
        case .writeMultipleRegisters(let address, let words):
            space == .holding && concerns(words, at: address)
        case .readCoils, .readDiscreteInputs, .readHoldingRegisters, .readInputRegisters: false
        }
    }

    /// Whether one of these words, written from an address on, is a denied one.
    func concerns(_ words: [UInt16], at address: UInt16) -> Bool {
        words.enumerated().contains { offset, word in
            let place = Int(address) + offset
            return Int(addresses.lowerBound)...Int(addresses.upperBound) ~= place
                && (value.map { $0 == word } ?? true)
        }
    }
}
