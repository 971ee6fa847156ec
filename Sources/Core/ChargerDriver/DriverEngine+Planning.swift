import ChargeModel
import DeviceProfiles
import Modbus

// What is due now.
extension DriverEngine {
    enum Step: Hashable, Sendable {
        case startCommand(SetpointReconciler.Command)
        case continueCommand
        case heartbeat(ModbusRequest)
        case failsafe(FailsafeKeeper.Write, ModbusRequest)
        case read(block: Int)

        var urgency: Urgency {
            switch self {
            case .startCommand(let command): command.isReduction ? .reduction : .write
            case .continueCommand, .heartbeat, .failsafe: .write
            case .read: .read
            }
        }
    }

    /// The current to bring the wallbox to now: the target through the gate; past its lease no more
    /// than the safe current (requirement R4). nil without a target.
    func goal(at now: MonotonicInstant) -> SetpointReconciler.Goal? {
        guard let target else { return nil }
        let isValid = now < target.validUntil
        let wanted = isValid ? target.limit : min(target.limit, configuration.safeCurrent)
        return SetpointReconciler.Goal(
            limit: gate.pass(wanted, hardwareMaximum: snapshot.hardwareMaximum.value),
            allowsIncrease: target.allowsIncrease && isValid)
    }

    /// The next step without taking it.
    func plan(at now: TimePoint) -> Step? {
        if contact == .established, !configuration.isReadOnly {
            let goal = goal(at: now.monotonic)
            // A command that the goal has left is given up.
            let isUnderWay = running != nil && goal == followed
            let command =
                isUnderWay ? nil : goal.flatMap { reconciler.command(for: $0, at: now.monotonic) }
            if let command, command.isReduction { return .startCommand(command) }
            if isUnderWay, let step = runningStep(at: now.monotonic) { return step }
            if let beat = heartbeatStep(goal, at: now.monotonic) { return beat }
            if let command { return .startCommand(command) }
            if let arming = failsafeStep(goal, at: now.monotonic) { return arming }
        }
        return cycle.next(at: now.monotonic).map { .read(block: $0) }
    }

    private func runningStep(at now: MonotonicInstant) -> Step? {
        guard let running else { return nil }
        switch running.operations[running.step] {
        case .write: return .continueCommand
        case .wait: return (running.waitUntil ?? now) <= now ? .continueCommand : nil
        case .modify, .waitUntil, .when: preconditionFailure("no such step is carried out yet")
        }
    }

    private func heartbeatStep(
        _ goal: SetpointReconciler.Goal?, at now: MonotonicInstant
    ) -> Step? {
        guard let due = heartbeat.due, now >= due else { return nil }
        var limit = Milliamperes.zero
        if heartbeat.kind == .rewriteSetpoint {
            guard running == nil, let goal, let kept = keptLimit(goal) else { return nil }
            limit = kept
        } else if !reconciler.isSetpointKnown {
            // A sign of life ends the failsafe, and a setpoint from before us would come back.
            return nil
        }
        guard
            case .write(let unit, let operation)? =
                profile.heartbeatOperations(limit: limit).first
        else { return nil }
        return .heartbeat(request(unit, operation))
    }

    /// What an expiring setpoint is renewed to: what it is, and never more than the goal.
    private func keptLimit(_ goal: SetpointReconciler.Goal) -> Milliamperes? {
        guard let isOn = reconciler.belief.isOn else { return nil }
        guard isOn, goal.limit > .zero else { return .zero }
        return reconciler.belief.limit.map { min($0, goal.limit) }
    }

    private func failsafeStep(
        _ goal: SetpointReconciler.Goal?, at now: MonotonicInstant
    ) -> Step? {
        guard running == nil, let write = failsafe.write(goal: goal?.limit, at: now),
            case .write(let unit, let operation) =
                profile.write(canonical: write.value, to: write.register)
        else { return nil }
        return .failsafe(write, request(unit, operation))
    }

    private func request(_ unit: RegisterUnit, _ operation: ModbusOperation) -> ModbusRequest {
        ModbusRequest(unit: unit.resolved(charger: configuration.unit), operation: operation)
    }

    /// Takes a step: from now on it is being carried out.
    mutating func take(_ step: Step, at now: TimePoint) -> Outstanding {
        switch step {
        case .startCommand(let command):
            running = RunningCommand(command: command, operations: operations(of: command))
            reconciler.began(command, at: now.monotonic)
            return takeRunningStep(at: now)
        case .continueCommand:
            return takeRunningStep(at: now)
        case .heartbeat(let request):
            return .heartbeat(request)
        case .failsafe(let write, let request):
            return .failsafe(write, request)
        case .read(let block):
            cycle.took(block, at: now.monotonic)
            return .read(block: block)
        }
    }

    private mutating func takeRunningStep(at now: TimePoint) -> Outstanding {
        guard var running else { preconditionFailure("no command is running") }
        while case .wait = running.operations[running.step] {
            running.step += 1
            precondition(
                running.step < running.operations.count, "\(profile.id): a command ends in a wait")
        }
        guard case .write(let unit, let operation) = running.operations[running.step] else {
            preconditionFailure("a step is a write or a wait")
        }
        if running.step + 1 < running.operations.count,
            case .wait(let pause) = running.operations[running.step + 1]
        {
            running.waitUntil = now.monotonic.advanced(by: pause)
        }
        self.running = running
        return .commandStep(request(unit, operation))
    }

    private func operations(of command: SetpointReconciler.Command) -> [CommandOperation] {
        let steps =
            switch command.kind {
            case .charge: profile.control.charge
            case .limit: profile.control.limit
            case .idle: profile.control.idle
            }
        return profile.operations(for: steps, limit: command.limit)
    }

    func describe(_ command: SetpointReconciler.Command) -> String {
        switch command.kind {
        case .charge: "charge at \(command.limit)"
        case .limit: "limit to \(command.limit)"
        case .idle: "idle"
        }
    }

    func wrote(_ what: String, _ request: ModbusRequest, refusal: String? = nil) -> DriverEffect {
        .wrote(WriteReport(what: what, request: request, refusal: refusal))
    }
}
