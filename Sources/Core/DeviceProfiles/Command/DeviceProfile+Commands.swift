import ChargeModel
import Modbus

/// One step of a command as it goes over the wire.
package enum CommandOperation: Hashable, Sendable {
    case write(unit: RegisterUnit, ModbusOperation)
    case wait(Duration)
}

extension DeviceProfile {
    /// The writes and pauses of a command of ``ControlTraits``.
    ///
    /// The limit is cut to the model's maximum and rounded down to its step and to the register's
    /// resolution (requirement R1), whatever the caller has done already.
    ///
    /// - Precondition: `limit` is at least ``ControlTraits/minimum`` when a step writes it: below,
    ///   the command is `idle` (requirement R2).
    package func operations(
        for steps: [CommandStep], limit: Milliamperes
    ) -> [CommandOperation] {
        steps.map { step in
            switch step {
            case .wait(let duration): .wait(duration)
            case .write(let register, .raw(let raw)): write(raw: raw, to: register)
            case .write(let register, .limit): write(limit: limit, to: register)
            case .modify, .waitUntil, .when:
                preconditionFailure("\(id): the language has no such step yet")
            }
        }
    }

    /// The writes that keep the wallbox from taking its controller for dead; empty when nothing
    /// but polling is needed.
    ///
    /// - Parameter limit: The limit in force, for a setpoint that expires: below the minimum, that
    ///   is the command `idle`.
    package func heartbeatOperations(limit: Milliamperes) -> [CommandOperation] {
        switch heartbeat.kind {
        case .none, .anyRead: []
        case .rewriteSetpoint:
            operations(for: limit < control.minimum ? control.idle : control.limit, limit: limit)
        case .write(let register, let raw): [write(raw: raw, to: register)]
        case .rewriteFailsafeTimeout: failsafeTimeoutOperation.map { [$0] } ?? []
        }
    }

    /// The writes that arm the failsafe: first the current, then the timeout that makes it count.
    /// Empty when the wallbox lets neither be set.
    ///
    /// - Precondition: `current` is 0 only if ``Failsafe/acceptsZero``.
    package func failsafeOperations(current: Milliamperes) -> [CommandOperation] {
        guard let failsafe else { return [] }
        precondition(
            current.rawValue > 0 || failsafe.acceptsZero, "\(id) takes no failsafe current of 0")
        var operations: [CommandOperation] = []
        if let register = failsafe.current {
            let capped = min(current, control.maximum)
            operations.append(write(canonical: capped.rawValue, to: register))
        }
        if let timeout = failsafeTimeoutOperation { operations.append(timeout) }
        return operations
    }

    private var failsafeTimeoutOperation: CommandOperation? {
        guard let failsafe, let register = failsafe.timeout else { return nil }
        return write(canonical: Int(failsafe.timeoutValue.milliseconds), to: register)
    }

    // MARK: - Single writes

    private func write(limit: Milliamperes, to register: RegisterID) -> CommandOperation {
        precondition(
            limit >= control.minimum,
            "a limit of \(limit) is below the minimum of \(id), \(control.minimum): idle instead")
        let capped = min(limit, control.maximum).rawValue
        return write(canonical: capped - capped % control.step.rawValue, to: register)
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

    private func write(raw: UInt64, to register: RegisterID) -> CommandOperation {
        guard let words = self[register].encode(raw: raw) else {
            preconditionFailure("\(raw) does not fit register \(self[register].name) of \(id)")
        }
        return write(words, to: register)
    }

    private func write(_ words: [UInt16], to id: RegisterID) -> CommandOperation {
        let register = self[id]
        switch (register.write, words.first) {
        case (.single, .some(let word)) where words.count == 1:
            return .write(
                unit: register.unit, .writeSingleRegister(address: register.address, value: word))
        case (.multiple, _):
            return .write(
                unit: register.unit,
                .writeMultipleRegisters(address: register.address, values: words))
        default:
            preconditionFailure("register \(register.name) of \(self.id) cannot be written")
        }
    }
}
