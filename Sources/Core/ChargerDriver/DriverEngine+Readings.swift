import ChargeModel
import DeviceProfiles
import Modbus

// What comes of the reads.
extension DriverEngine {
    mutating func blockRead(
        _ index: Int, refusal: ModbusException? = nil, at now: TimePoint
    ) -> [DriverEffect] {
        let block = profile.readPlan[index]
        for entry in block.entries { readAt[entry.register.rawValue] = now }
        let isPermanent = refusal?.handling == .permanent
        let isCycleOver =
            refusal == nil
            ? cycle.answered(index, values)
            : cycle.refused(index, isPermanent: isPermanent, values)
        failsafe.polled(
            block.entries.map(\.register), values, goal: goal(at: now.monotonic)?.limit,
            at: now.monotonic)
        let before = mark
        mark = facts.deviceMark(values).completed(by: before)
        let isNew = mark.isNewDevice(than: before)
        if isNew, !mark.hasSerial(of: before) { energySources = EnergySources() }
        if contact == .established, isNew {
            forgetContact(isAnotherDevice: true, at: now)
            contact = .identifying
            return []
        }
        return isCycleOver ? cycleOver(at: now) : []
    }

    private mutating func cycleOver(at now: TimePoint) -> [DriverEffect] {
        for register in cycle.presence.missing {
            for element in 0..<facts.counts[register.rawValue] {
                values[register, element] = .unavailable(.notProvided)
            }
        }
        identify(at: now)
        snapshot.lastPoll = now
        failsafe.polled(missing: cycle.presence.missing)
        heartbeat.polled(values) { readAt[$0.rawValue]?.monotonic }
        updateReadings()
        readPhases()
        countPhases(at: now)
        watchVehicle(at: now)
        followGoal(at: now)
        if contact == .established {
            doubtFailsafe(at: now.monotonic)
            let goal = goal(at: now.monotonic)
            reconciler.polled(
                foundSetpoint, goal: goal, isDrawing: snapshot.pilot.value?.isDrawing == true,
                isWithinLimit: isWithinLimit(goal), isLimitRead: !isJudgedByCurrents, at: now)
            watchPhaseSwitch(at: now)
            followGoal(at: now)
        }
        if let awaited = running?.awaited { cycle.force(awaited) }
        return published(at: now)
    }

    /// Settles who answers. What does not fit, or does not tell, is asked again with every poll: the
    /// right device may come back on the same link.
    private mutating func identify(at now: TimePoint) {
        switch (contact, identityProblem) {
        case (.identifying, nil):
            contact = .established
        case (.foreign, nil):
            forgetContact(isAnotherDevice: true, at: now)
            contact = .identifying
        case (.identifying, .some(let reason)), (.foreign, .some(let reason)):
            contact = .foreign(reason: reason)
            cycle.readOnceAgain()
        case (.lost, _), (.established, _):
            break
        }
    }

    mutating func updateReadings() {
        let decoder = SnapshotDecoder(
            facts: facts, values: values, readAt: readAt, phases: snapshot.currents.count)
        let hardwareMaximum = snapshot.hardwareMaximum
        snapshot.pilot = decoder.pilot
        decoder.update(&snapshot, found: foundSetpoint, energy: &energySources)
        // A maximum that cannot be read now is no reason to go above it (requirement R12).
        if snapshot.hardwareMaximum.value == nil, hardwareMaximum.value != nil {
            snapshot.hardwareMaximum = hardwareMaximum
        }
    }
}
