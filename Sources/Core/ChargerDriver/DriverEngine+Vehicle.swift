import ChargeModel
import DeviceProfiles
import Modbus

// The vehicle that does not do what it is told, and what would wear out.
extension DriverEngine {
    /// Looks at the vehicle with every poll.
    mutating func watchVehicle(at now: TimePoint) {
        let pilot = snapshot.pilot.value
        // While it is being woken up the wallbox may tell that it is gone.
        let isConnected = isDisturbed(at: now.monotonic) ? nil : pilot?.isVehicleConnected
        vehicleWatch.polled(
            VehicleWatch.Sight(
                isConnected: isConnected, inForce: limitInForce,
                isInForceForSure: !isJudgedByCurrents || reconciler.hasFault,
                measured: mostMeasured),
            at: now.monotonic)
        if pilot?.isDrawing == true || isConnected == false || !isToCharge(at: now.monotonic) {
            wakeUp.over()
        }
        wakeUp.tick(at: now.monotonic)
    }

    private func isToCharge(at now: MonotonicInstant) -> Bool {
        goal(at: now).map { $0.limit > .zero } ?? false
    }

    /// Whether what the pilot tells is of our making.
    func isDisturbed(at now: MonotonicInstant) -> Bool {
        running?.purpose == .wakeUp || wakeUp.isDisturbing(at: now)
    }

    /// What the wallbox offers now, 0 when it is off.
    private var limitInForce: Milliamperes? {
        if let shown = snapshot.setpoint.value { return shown }
        return reconciler.belief.isOn == false ? .zero : reconciler.belief.limit
    }

    /// The most of any phase; where only the power is measured, what is certain of it.
    private var mostMeasured: Milliamperes? {
        if let current = snapshot.currents.compactMap(\.value).max() { return current }
        return snapshot.power.value.map { Milliamperes($0, phases: snapshot.currents.count) }
    }

    // MARK: - Wear

    /// The command that is due now, without taking it: what can wait for what it would wear out
    /// does.
    func command(
        for goal: SetpointReconciler.Goal, at now: MonotonicInstant
    ) -> SetpointReconciler.Command? {
        guard let command = reconciler.command(for: goal, at: now) else { return nil }
        return hold(of: command, at: now) == nil ? command : nil
    }

    /// Until when a command waits that may go otherwise; nil when nothing waits.
    func heldUntil(
        _ goal: SetpointReconciler.Goal, at now: MonotonicInstant
    ) -> MonotonicInstant? {
        if let command = reconciler.command(for: goal, at: now) {
            return hold(of: command, at: now)
        }
        return reconciler.wake(for: goal, at: now)
    }

    /// Until when a command is held back (requirement R11): an increase for registers in flash memory
    /// that were written too often, a start that nobody waits for also for the contactor. Stops and
    /// reductions never wait.
    private func hold(
        of command: SetpointReconciler.Command, at now: MonotonicInstant
    ) -> MonotonicInstant? {
        guard !command.isReduction else { return nil }
        var times = [wear.freeFrom(steps(of: command).flatMap(\.written))]
        if isStart(command), target?.isRequested == false, !phaseSwitcher.isResuming(at: now) {
            // The stop that ends it will not wait.
            times.append(wear.contactor.freeFrom(withRoomFor: 2))
        }
        return times.compactMap { $0 }.filter { $0 > now }.max()
    }

    /// Whether a failsafe that is to rise waits: for its register, or since it may be what holds the
    /// wallbox now, and so would raise it. One that is to fall never does.
    func isHeld(
        _ write: FailsafeKeeper.Write, _ goal: SetpointReconciler.Goal?, at now: MonotonicInstant
    ) -> Bool {
        guard write.isIncrease else { return false }
        if wear.freeFrom([write.register]).map({ $0 > now }) == true { return true }
        guard mayRaise(write) else { return false }
        return goal?.allowsIncrease != true || reconciler.isHolding(at: now)
    }

    /// Whether what is written may be in force at once: the wallbox may have fallen back.
    func mayRaise(_ write: FailsafeKeeper.Write) -> Bool {
        write.isIncrease && write.isCurrent
            && !reconciler.isInForce(
                shownLimit(write.value),
                needsCommand: profile.heartbeat.kinds.contains(.rewriteFailsafeTimeout))
    }

    /// Whether it may close a contactor.
    private func isStart(_ command: SetpointReconciler.Command) -> Bool {
        command.kind == .charge && isToggle(command)
    }

    /// Whether it may move a contactor.
    private func isToggle(_ command: SetpointReconciler.Command) -> Bool {
        let isToBeOn = command.kind != .idle
        return reconciler.belief.isOn == !isToBeOn
            && snapshot.pilot.value?.isVehicleConnected != false
    }

    /// Counts what steps wear out that begin now.
    mutating func countWear(of steps: RunningSteps, at now: TimePoint) {
        switch steps.purpose {
        case .command(let command):
            if isToggle(command) { wear.toggled(at: now.monotonic) }
        case .wakeUp:
            wear.toggled(at: now.monotonic)
            wakeUp.attempted(at: now.monotonic)
        case .connect, .disconnect, .arm, .heartbeat, .phaseSwitch: break
        }
    }

    /// Counts a confirmed write of the registers that wear out.
    mutating func countWear(of request: ModbusRequest, at now: TimePoint) {
        for index in profile.registers.indices
        where profile.registers[index].isWritten(by: request, charger: configuration.unit) {
            wear.wrote(RegisterID(index), at: now.monotonic)
        }
    }

    // MARK: - Waking up

    /// A command to charge was confirmed.
    mutating func resumed(at now: TimePoint) {
        guard canWakeUp,
            snapshot.pilot.value?.isVehicleConnected == true,
            snapshot.pilot.value?.isDrawing == false
        else { return }
        wakeUp.resumed(at: now.monotonic)
    }

    /// Whether this unit has what wakes a vehicle up.
    private var canWakeUp: Bool {
        profile.control.wakeUp.flatMap(\.written).contains { register in
            profile[register].gate.allSatisfy { $0.holds(values) }
        }
    }

    /// When the next attempt is due; nil when none is.
    func nextWakeUp(at now: MonotonicInstant) -> MonotonicInstant? {
        guard let due = wakeUp.due(wear.contactor), isToCharge(at: now) else { return nil }
        return due
    }

    var wakeUpSteps: RunningSteps {
        RunningSteps(.wakeUp, profile.operations(for: profile.control.wakeUp, limit: .zero))
    }

    // MARK: - Words

    func vehicleConditions(at now: MonotonicInstant) -> [ChargerCondition] {
        var conditions: [ChargerCondition] = []
        switch vehicleWatch.measure {
        case .none: break
        case .reduced:
            conditions.append(
                .limitExceeded(
                    heldAt: profile.control.minimum,
                    reason: "the vehicle takes more than its limit: it is held at "
                        + "\(profile.control.minimum) until it is unplugged"))
        case .paused:
            conditions.append(
                .limitExceeded(
                    heldAt: .zero,
                    reason: "the vehicle takes more than its limit: charging is paused until it is "
                        + "unplugged"))
        }
        if vehicleWatch.flowsAfterStop { conditions.append(.currentAfterStop) }
        if wakeUp.isGivenUp { conditions.append(.vehicleAsleep) }
        conditions += phaseSwitcher.conditions
        let spent = wear.spent(at: now).map { profile[$0].name }
        if !spent.isEmpty {
            conditions.append(
                .writesHeldBack(
                    reason: "\(spent.joined(separator: ", ")) is kept in flash memory and was "
                        + "written as often as it may be in a day: only stops and reductions are "
                        + "written"))
        }
        return conditions
    }
}

extension Register {
    fileprivate func isWritten(by request: ModbusRequest, charger: UInt8) -> Bool {
        let isCoil = if case .writeSingleCoil = request.operation { true } else { false }
        return write != nil && request.operation.address == address
            && (space == .coil) == isCoil && unit.resolved(charger: charger) == request.unit
    }
}
