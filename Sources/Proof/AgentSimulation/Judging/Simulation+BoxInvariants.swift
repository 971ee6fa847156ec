import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import WallboxModel

// What must hold of each wallbox, whatever is written to it.
extension Simulation {
    /// Requirement R3: without contact a wallbox falls back within its failsafe time and a second.
    mutating func checkFallenBack(after down: Duration, _ index: Int) {
        let station = stations[index]
        // Another controller is a contact as well.
        guard !station.isImpostor, station.box.faults.foreignController == nil else { return }
        station.box.advance(to: now)
        let truth = station.box.truth
        let down = min(down, station.witness.arrivedAt?.duration(to: now) ?? down)
        guard truth.failsafe.timeout > .zero, let failsafe = station.profile.failsafe,
            failsafe.direction == .down, failsafe.current != nil,
            down > truth.failsafe.timeout + .seconds(1)
        else { return }
        // One that takes no 0 has a permanent warning of it.
        let lowest = failsafe.acceptsZero ? .zero : station.profile.control.minimum
        let most = max(station.driver.safeCurrent, lowest)
        expect(
            .fallback, truth.failsafe.isActive && truth.limit <= most, index,
            "still at \(truth.limit), \(down) after the last contact")
    }

    /// What a meter says never falls, as long as it is the same meter.
    mutating func checkEnergy(_ snapshot: ChargerSnapshot, _ index: Int) {
        // While nothing answers, what the meter before it said is still shown.
        guard !stations[index].isImpostor,
            case .captured(let energy, let read) = snapshot.energyTotal,
            read.monotonic > stations[index].witness.meterSince
        else { return }
        forgetEnergy(index)
        if let last = stations[index].witness.energy {
            expect(.energy, energy >= last, index, "\(energy) after \(last)")
        }
        stations[index].witness.energy = energy
    }

    /// An agent that is started while something is wrong may find another register to count by than the
    /// one before it.
    private func forgetEnergy(_ index: Int) {
        let witness = stations[index].witness
        guard witness.energyGeneration != generation else { return }
        stations[index].witness.energyGeneration = generation
        guard let agent = stations[index].agent, witness.disturbedUntil > agent.startedAt else {
            return
        }
        stations[index].witness.energy = nil
    }

    /// Requirement R11: the contactor closes for what people do and want, and ten times an hour for
    /// other reasons.
    mutating func checkContactor(_ index: Int) {
        guard !stations[index].isImpostor else { return }
        let cycles = stations[index].box.contactorCycles
        let bound = stations[index].witness.contactor(cycles, at: now)
        expect(
            .contactor, bound.closed <= bound.allowed, index,
            "the contactor has closed \(bound.closed) times in an hour, and \(bound.allowed) are reasonable"
        )
    }

    /// Requirement R11: 600 s lie between two attempts of one agent to switch phases.
    mutating func checkPhases(_ index: Int) {
        let station = stations[index]
        guard station.control.switchesPhases, !station.isImpostor, let agent = station.agent else {
            return
        }
        station.box.advance(to: now)
        let phases = station.box.truth.phases
        defer { station.witness.phases = phases }
        guard let before = station.witness.phases, before != phases,
            // It begins anew with all of them.
            station.witness.disturbedUntil.advanced(by: .seconds(60)) < now
        else { return }
        if let last = station.witness.phasesSwitchedAt, last > agent.startedAt {
            let apart = last.duration(to: now)
            expect(
                .phases, apart >= .seconds(600) - Self.phaseLooks, index,
                "\(before) phases become \(phases), \(apart) after the last switch")
        }
        station.witness.phasesSwitchedAt = now
    }

    /// How late a switch may be seen.
    private static let phaseLooks = Duration.seconds(10)

    // MARK: - When nothing disturbs

    /// What must hold a while after the last fault.
    mutating func checkCalm(_ index: Int) {
        let station = stations[index]
        guard station.witness.disturbedUntil.advanced(by: .seconds(60)) < now,
            let agent = station.agent, agent.startedAt.advanced(by: .seconds(60)) < now,
            // What is decided may still wait for what is being made durable.
            agent.committing == nil,
            let since = station.witness.sinceTargetChanged, since.advanced(by: .seconds(12)) < now
        else {
            station.witness.activations = station.box.activations
            station.witness.drawsSince = nil
            return
        }
        station.box.advance(to: now)
        let truth = station.box.truth
        expect(
            .recovery, truth.failsafe.activations == station.witness.activations, index,
            "falls back although the agent is there")
        // A start that is put off for the contactor's sake may wait at 0 A, fallen back or paused.
        let isPutOff = truth.limit == .zero && station.witness.mayStartLater(at: now)
        expect(
            .recovery,
            !truth.failsafe.isActive || !station.witness.wantsCharge || isPutOff
                || agent.control.decision.limit == .zero, index,
            "stays fallen back although the agent is there")
        expect(
            .recovery, agent.control.snapshot.link == .up, index, "the link is not up again")
        guard let limit = agent.control.decision.limit else {
            expect(.recovery, false, index, "nothing is decided")
            return
        }
        checkInForce(truth, limit, since: since, index)
        if !isSwitchingPhases(index) { checkArmed(truth, limit, since: since, index) }
    }

    private mutating func checkInForce(
        _ truth: WallboxTruth, _ limit: Milliamperes, since: MonotonicInstant, _ index: Int
    ) {
        let station = stations[index]
        guard let agent = station.agent, !station.profile.control.isSetInWatts else { return }
        guard !station.isMisled else { return checkDrawn(truth, limit, index) }
        expect(
            .limits, truth.limit <= limit, index, "\(truth.limit) in force, decision \(limit)")
        let isYielding =
            agent.control.snapshot.conditions.contains(.competingController)
            || isSwitchingPhases(index)
        guard since.advanced(by: .seconds(60)) < now, station.witness.wantsCharge, !isYielding,
            !station.witness.mayStartLater(at: now), !agent.isHeldByFault
        else { return }
        let asked = min(limit, station.box.faults.cableLimit ?? limit)
        expect(
            .recovery, truth.limit.rawValue >= asked.rawValue - station.control.step.rawValue,
            index, "\(truth.limit) in force, and \(asked) is wanted")
    }

    /// What does not show what it does shows at least that energy flows: a wallbox that charges on is to be
    /// stopped, whatever it was told by others.
    private mutating func checkDrawn(
        _ truth: WallboxTruth, _ limit: Milliamperes, _ index: Int
    ) {
        let station = stations[index]
        guard limit == .zero, truth.pilot.isDrawing else {
            station.witness.drawsSince = nil
            return
        }
        let since = station.witness.drawsSince ?? now
        station.witness.drawsSince = since
        let drawing = since.duration(to: now)
        expect(
            .limits, drawing <= Self.timeToStop, index,
            "charges with \(truth.limit) in force for \(drawing), decision 0 A")
    }

    /// For what is only seen by its drawing: two polls of 10 s, a stop that they contradict, and another.
    private static let timeToStop = Duration.seconds(60)

    /// It is told, is over within 90 s, and pauses whatever is decided.
    func isSwitchingPhases(_ index: Int) -> Bool { isTold("SWITCHING_PHASES", index) }

    /// Whether the device shows a condition.
    private func isTold(_ code: String, _ index: Int) -> Bool {
        stations[index].agent?.control.snapshot.conditions.contains { $0.code == code } == true
    }

    private static let rearming = Duration.seconds(65)

    /// Requirement R3.
    private mutating func checkArmed(
        _ truth: WallboxTruth, _ limit: Milliamperes, since: MonotonicInstant, _ index: Int
    ) {
        let station = stations[index]
        guard let failsafe = station.profile.failsafe, failsafe.current != nil,
            failsafe.acceptsZero, !station.profile.control.isSetInWatts
        else { return }
        let armed = min(station.driver.safeCurrent, limit)
        // A vehicle that takes too much is held lower by the driver itself; and what must not rise, or
        // waits at 0 A for a start that is put off, has no reason to fall to more than before.
        let isHeld =
            station.agent?.isHeldByFault == true
            || station.agent?.target?.allowsIncrease == false
            || truth.limit == .zero && station.witness.mayStartLater(at: now)
            // The device says that it could not be armed as it should be.
            || isTold("FAILSAFE_NOT_ARMED", index)
        // An increase waits for the interval between writes.
        let interval = station.profile.control.minimumWriteInterval
        // What could not be armed is tried again after a minute, with what is read then.
        guard station.witness.disturbedUntil.advanced(by: Self.rearming) < now else { return }
        let mayWait = since.advanced(by: interval + .seconds(2)) > now
        let shown = truth.failsafe.current
        expect(
            .armed, shown == armed || (isHeld || mayWait) && shown <= armed, index,
            "armed with \(truth.failsafe.current) instead of \(armed)")
        expect(
            .armed, truth.failsafe.timeout == failsafe.timeoutValue, index,
            "armed with \(truth.failsafe.timeout)")
    }
}
