import ChargeModel
import DeviceProfiles
import Modbus

// What is due now.
extension DriverEngine {
    enum Step: Hashable, Sendable {
        case startCommand(SetpointReconciler.Command)
        case startSteps(RunningSteps)
        case continueSteps
        case heartbeat(Heartbeat.Kind, ModbusRequest)
        case failsafe(FailsafeKeeper.Write, ModbusRequest)
        case read(block: Int)

        var urgency: Urgency {
            switch self {
            case .startCommand(let command): command.isReduction ? .reduction : .write
            case .startSteps, .continueSteps, .heartbeat, .failsafe: .write
            case .read: .read
            }
        }
    }

    /// The current to bring the wallbox to now: the target through the gate; past its lease no more
    /// than the safe current (requirement R4). nil without a target.
    ///
    /// Inlined with what it asks, since it is asked all the time: a call would copy the engine.
    @inline(__always)
    func goal(at now: MonotonicInstant) -> SetpointReconciler.Goal? {
        guard let target else { return nil }
        let isValid = now < target.validUntil
        var wanted = isValid ? target.limit : min(target.limit, configuration.safeCurrent)
        if phaseSwitcher.isPausing || exceedsPhases(target) { wanted = .zero }
        let limit = gate.pass(
            vehicleWatch.pass(wanted), hardwareMaximum: snapshot.hardwareMaximum.value)
        return SetpointReconciler.Goal(
            limit: settable(limit), allowsIncrease: target.allowsIncrease && isValid,
            phases: phases)
    }

    /// The phases that share what is set in watts.
    @inline(__always)
    var phases: Int { facts.isSetInWatts ? livePhases.counted : 1 }

    /// What a limit comes to where it is set in watts; 0 when it is too little for the phases.
    @inline(__always)
    private func settable(_ limit: Milliamperes) -> Milliamperes {
        guard facts.isSetInWatts else { return limit }
        let power = profile.power(for: limit, phases: phases)
        return power.map { profile.limit(of: $0, phases: phases) } ?? .zero
    }

    /// The next step without taking it.
    func plan(at now: TimePoint) -> Step? {
        guard ending != .done else { return nil }
        if contact == .established, !configuration.isReadOnly, let write = plannedWrite(at: now) {
            return write
        }
        return cycle.next(at: now.monotonic).map { .read(block: $0) }
    }

    private func plannedWrite(at now: TimePoint) -> Step? {
        let goal = goal(at: now.monotonic)
        // Steps that the goal has left are given up.
        let isLeft = running?.purpose.isOfGoal == true && goal != followed
        let isDue = !isLeft && running?.isDue(at: now.monotonic) == true
        guard isPrepared else {
            return isDue ? .continueSteps : heartbeatStep(goal, at: now.monotonic)
        }
        let isUnderWay = running?.purpose.command != nil && !isLeft
        let command =
            isUnderWay ? nil : goal.flatMap { self.command(for: $0, at: now.monotonic) }
        if let command, command.isReduction { return .startCommand(command) }
        if isDue { return .continueSteps }
        if let beat = heartbeatStep(goal, at: now.monotonic) { return beat }
        guard running == nil || isLeft else {
            // Waking a vehicle takes long, and what the wallbox would fall to is not to wait for it.
            return running?.purpose == .wakeUp ? failsafeStep(goal, at: now.monotonic) : nil
        }
        if let command { return .startCommand(command) }
        if let arming = failsafeStep(goal, at: now.monotonic) { return arming }
        if let steps = phaseSwitchSteps(at: now.monotonic) { return .startSteps(steps) }
        let wakeUp = nextWakeUp(at: now.monotonic)
        return wakeUp.map { now.monotonic >= $0 } == true ? .startSteps(wakeUpSteps) : nil
    }

    private func heartbeatStep(
        _ goal: SetpointReconciler.Goal?, at now: MonotonicInstant
    ) -> Step? {
        for kind in heartbeat.due(at: now) {
            if let step = heartbeatStep(kind, goal, at: now) { return step }
        }
        return nil
    }

    private func heartbeatStep(
        _ kind: Heartbeat.Kind, _ goal: SetpointReconciler.Goal?, at now: MonotonicInstant
    ) -> Step? {
        var limit = Milliamperes.zero
        if kind == .rewriteSetpoint {
            guard running == nil, let goal, let kept = keptLimit(goal) else { return nil }
            limit = kept
        }
        // A sign of life ends the failsafe, and a setpoint from before us would come back.
        guard
            reconciler.mayBeat(for: goal, rewritesSetpoint: kind == .rewriteSetpoint, at: now)
        else { return nil }
        let operations = profile.heartbeatOperations(of: kind, limit: limit, phases: phases)
        if case .write(let unit, let operation)? = operations.first, operations.count == 1 {
            return profile.denies(operation) ? nil : .heartbeat(kind, request(unit, operation))
        }
        guard running == nil, !operations.isEmpty else { return nil }
        return .startSteps(RunningSteps(.heartbeat(kind), operations))
    }

    /// What an expiring setpoint is renewed to: what it is, and never more than the goal.
    private func keptLimit(_ goal: SetpointReconciler.Goal) -> Milliamperes? {
        // Whether it is on may not be known; a limit that was written expires all the same.
        guard let isOn = reconciler.belief.isOn ?? (reconciler.isAsserted ? true : nil) else {
            return nil
        }
        guard isOn, goal.limit > .zero else { return .zero }
        // A wallbox that offers less of it for reasons of its own is told what it was told.
        if reconciler.clamped == goal.limit { return goal.limit }
        return reconciler.belief.limit.map { min($0, goal.limit) }
    }

    private func failsafeStep(
        _ goal: SetpointReconciler.Goal?, at now: MonotonicInstant
    ) -> Step? {
        guard running == nil || running?.purpose == .wakeUp else { return nil }
        guard var write = failsafe.write(goal: goal?.limit, at: now) else {
            guard running == nil else { return nil }
            let arming = failsafe.arming(goal: goal?.limit, at: now)
            guard !arming.isEmpty else { return nil }
            return .startSteps(RunningSteps(.arm, profile.operations(for: arming, limit: .zero)))
        }
        if isHeld(write, goal, at: now) {
            let other = failsafe.write(goal: goal?.limit, isCurrentHeld: true, at: now)
            guard let other else { return nil }
            write = other
        }
        guard profile[write.register].gate.allSatisfy({ $0.holds(values) }),
            case .write(let unit, let operation) =
                profile.write(canonical: write.value, to: write.register),
            !profile.denies(operation)
        else { return nil }
        return .failsafe(write, request(unit, operation))
    }

    private func request(_ unit: RegisterUnit, _ operation: ModbusOperation) -> ModbusRequest {
        ModbusRequest(unit: unit.resolved(charger: configuration.unit), operation: operation)
    }

    /// Takes a step: from now on it is being carried out.
    ///
    /// - Returns: What is to be sent; nil when steps have only begun.
    mutating func take(_ step: Step, at now: TimePoint) -> Outstanding? {
        switch step {
        case .startCommand(let command):
            begin(RunningSteps(.command(command), operations(of: command)), at: now)
            return nil
        case .startSteps(let steps):
            begin(steps, at: now)
            return nil
        case .continueSteps:
            return takeFirstStep()
        case .heartbeat(let kind, let request):
            reconciler.beatBegan(at: now.monotonic)
            return .heartbeat(kind, request)
        case .failsafe(let write, let request):
            if mayRaise(write) { reconciler.failsafeRises(at: now.monotonic) }
            return .failsafe(write, request)
        case .read(let block):
            cycle.took(block, at: now.monotonic)
            return .read(block: block)
        }
    }

    private func takeFirstStep() -> Outstanding {
        switch running?.left.first {
        case .write(let unit, let operation):
            return .step(request(unit, operation))
        case .modify(let id, _, _):
            let register = profile[id]
            return .stepRead(
                request(
                    register.unit,
                    register.space == .input
                        ? .readInputRegisters(
                            address: register.address, count: UInt16(register.width))
                        : .readHoldingRegisters(
                            address: register.address, count: UInt16(register.width))))
        case .wait, .waitUntil, .when, nil:
            preconditionFailure("\(profile.id): nothing is to be sent before steps are settled")
        }
    }

    func steps(of command: SetpointReconciler.Command) -> [CommandStep] {
        switch command.kind {
        case .charge: profile.control.charge
        case .limit: profile.control.limit
        case .idle: profile.control.idle
        }
    }

    private func operations(of command: SetpointReconciler.Command) -> [CommandOperation] {
        profile.operations(for: steps(of: command), limit: command.limit, phases: phases)
    }

    func describe(_ purpose: RunningSteps.Purpose) -> String {
        switch purpose {
        case .command(let command): describe(command)
        case .connect: "prepare"
        case .disconnect: "hand over"
        case .arm: "arm the failsafe"
        case .heartbeat: "heartbeat"
        case .wakeUp: "wake the vehicle"
        case .phaseSwitch(let phases): "switch to \(phases) phase\(phases == 1 ? "" : "s")"
        }
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
