import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel

// What must hold after every event, judged from outside of the engines.
extension Simulation {
    mutating func expect(
        _ invariant: Invariant, _ condition: Bool, _ index: Int,
        _ words: @autoclosure () -> String
    ) {
        guard !condition else { return }
        violations.append(
            Violation(
                invariant: invariant, step: steps, after: start.duration(to: now),
                station: stations[index].id, profile: stations[index].profile.id, words: words()))
    }

    // MARK: - On the wire

    /// Requirement R24: at least a second between two attempts to connect.
    mutating func checkOpening(_ index: Int) {
        if let last = stations[index].agent?.lastOpen {
            expect(
                .reconnects, last.duration(to: now) >= .seconds(1), index, "connects too soon again"
            )
        }
        stations[index].agent?.lastOpen = now
    }

    /// Requirements R1, R2, R4: what the agent writes as a current.
    mutating func checkRequest(_ request: ModbusRequest, of index: Int) {
        hash.add(Int64(request.operation.address))
        guard request.operation.isWrite else { return }
        let station = stations[index]
        let records = station.box.accesses(request, answered: .response(.written), at: now)
        for record in records where record.register == station.profile.control.setpoint {
            guard let written = record.value?.canonical else { continue }
            hash.add(Int64(written))
            checkCurrent(Milliamperes(written), of: index)
        }
    }

    private mutating func checkCurrent(_ current: Milliamperes, of index: Int) {
        guard current != .zero else { return }
        let station = stations[index]
        expect(.minimum, current >= .pilotMinimum, index, "writes \(current)")
        expect(
            .limits,
            current <= station.driver.installationMaximum
                && current <= station.profile.control.maximum, index,
            "writes \(current), above the installation")
        guard let agent = station.agent else { return }
        if let hardware = agent.control.snapshot.hardwareMaximum.value {
            expect(.limits, current <= hardware, index, "writes \(current), above the hardware")
        }
        guard let target = agent.target else {
            expect(.limits, false, index, "writes \(current) without a target")
            return
        }
        expect(.limits, current <= target.limit, index, "writes \(current), target \(target.limit)")
        if now >= target.validUntil {
            expect(
                .lease, current <= station.driver.safeCurrent, index,
                "writes \(current) after the lease")
        }
    }

    /// Lets a request arrive at the wallbox and watches what it does there (requirements R9, R12).
    mutating func respond(_ arrival: Arrival) -> WallboxReply {
        let index = arrival.station
        stations[index].box.advance(to: now)
        guard arrival.request.operation.isWrite else {
            return stations[index].box.respond(to: arrival.request, at: now)
        }
        let before = stations[index].box.truth
        let reply = stations[index].box.respond(to: arrival.request, at: now)
        let after = stations[index].box.truth
        expect(
            .contactor, after.phaseSwitchesUnderLoad == before.phaseSwitchesUnderLoad, index,
            "phases are switched under load")
        if (after.limit > .zero) != (before.limit > .zero) {
            stations[index].witness.toggled(at: now)
        }
        guard after.limit > before.limit else { return reply }
        let rise = "a write raises \(before.limit) to \(after.limit)"
        if let raised = stations[index].witness.raisedAt {
            let apart = raised.duration(to: now)
            expect(
                .increases, apart >= .milliseconds(4_950), index, "\(rise), \(apart) after the last"
            )
        }
        stations[index].witness.raisedAt = now
        // Between two ticks its time may have come.
        let time = time
        stations[index].witness.noteWish(at: time)
        let witness = stations[index].witness
        let isWanted =
            witness.wantsCharge
            || witness.chargeWantedAt.map { $0.duration(to: now) < .seconds(4) } == true
        expect(.wanted, isWanted, index, "\(rise), and nobody wants it")
        return reply
    }

    /// Requirement R3: without the agent a wallbox falls back within its timeout and a second.
    mutating func checkFallenBack(after down: Duration) {
        for index in stations.indices where !stations[index].isImpostor {
            stations[index].box.advance(to: now)
            let truth = stations[index].box.truth
            guard truth.failsafe.timeout > .zero, stations[index].profile.failsafe?.current != nil,
                down > truth.failsafe.timeout + .seconds(1)
            else { continue }
            expect(
                .fallback,
                truth.failsafe.isActive && truth.limit <= stations[index].driver.safeCurrent, index,
                "still at \(truth.limit), \(down) after the agent")
        }
    }

    // MARK: - Actions

    mutating func witnessAccepted(_ action: Action, _ index: Int) {
        let time = time
        stations[index].witness.accepted(action, at: time)
        guard action.state == .acknowledged else { return }
        // After a fault the line may wait 30 s yet before it connects again.
        guard action.command == .idle, action.sandbox == nil,
            stations[index].witness.disturbedUntil < now,
            stations[index].agent?.control.snapshot.link == .up
        else { return }
        after(.seconds(2)) { $0.checkStopped(action.id, index) }
    }

    /// Requirement R9: a stop is on the wire at once.
    private mutating func checkStopped(_ id: Action.ID, _ index: Int) {
        let witness = stations[index].witness
        // Meanwhile somebody may have wanted it to charge again.
        guard witness.accepted.last == id, witness.disturbedUntil < now, isAgentUp,
            !witness.wantsCharge,
            witness.chargeWantedAt.map({ $0.duration(to: now) > .milliseconds(1_500) }) ?? true
        else { return }
        stations[index].box.advance(to: now)
        let limit = stations[index].box.truth.limit
        expect(.stops, limit == .zero, index, "\(limit) 2 s after \(id.rawValue)")
    }

    mutating func announce(_ payload: AgentEvent.Payload, of index: Int) {
        switch payload {
        case .action(let action) where action.state.isTerminal:
            hash.add("\(action.id.rawValue) \(action.state)")
            let words = words(action)
            note(index, "\(action.id.rawValue) \(words)")
            let time = time
            let mayEnd = stations[index].witness.ended(action, at: time)
            expect(
                .oneEnd, mayEnd, index,
                "\(action.id.rawValue) ends twice, or was never accepted")
            expectEnd(of: action, index)
        case .action(let action):
            // A scheduled one begins.
            guard action.start != nil, action.state == .acknowledged else { return }
            checkBeginning(action, index)
            note(index, "\(action.id.rawValue) begins")
        case .state(let view):
            let status = view.status(at: now).rawValue
            note(index, "status \(status)")
        case .decision(let decision):
            hash.add(decision.reason)
            note(index, "decision: \(decision.reason)")
        case .fault(let condition, let isActive):
            note(index, "\(condition.code) \(isActive ? "begins" : "ends"): \(condition.message)")
        }
    }

    private func words(_ action: Action) -> String {
        switch action.state {
        case .failed(let failure): "failed \(failure.code.rawValue): \(failure.message)"
        default: action.state.name.rawValue + (action.message.map { ": \($0)" } ?? "")
        }
    }

    // MARK: - When nothing disturbs

    /// What must hold a while after the last fault.
    mutating func checkCalm(_ index: Int) {
        guard stations[index].witness.disturbedUntil.advanced(by: .seconds(60)) < now,
            let agent = stations[index].agent,
            agent.startedAt.advanced(by: .seconds(60)) < now,
            // What is decided may still wait for what is being made durable.
            agent.committing == nil,
            let since = stations[index].witness.sinceTargetChanged,
            since.advanced(by: .seconds(12)) < now
        else {
            stations[index].witness.activations = stations[index].box.truth.failsafe.activations
            return
        }
        stations[index].box.advance(to: now)
        let truth = stations[index].box.truth
        expect(
            .recovery, truth.failsafe.activations == stations[index].witness.activations, index,
            "falls back although the agent is there")
        expect(
            .recovery,
            !truth.failsafe.isActive || !stations[index].witness.wantsCharge
                || agent.control.decision.limit == .zero, index,
            "stays fallen back although the agent is there")
        expect(
            .recovery, agent.control.snapshot.link == .up, index, "the link is not up again")
        guard let limit = agent.control.decision.limit else {
            expect(.recovery, false, index, "nothing is decided")
            return
        }
        expect(
            .limits, truth.limit <= limit, index, "\(truth.limit) in force, decision \(limit)")
        // It is told, is over within 90 s, and pauses whatever is decided.
        let codes = agent.control.snapshot.conditions.map(\.code)
        let isSwitching = codes.contains("SWITCHING_PHASES")
        if !isSwitching { checkArmed(truth, limit, index) }
        let isYielding = isSwitching || codes.contains("COMPETING_CONTROLLER")
        guard since.advanced(by: .seconds(60)) < now, stations[index].witness.wantsCharge,
            !isYielding, !stations[index].witness.mayStartLater(at: now)
        else { return }
        let asked = min(limit, stations[index].box.faults.cableLimit ?? limit)
        expect(
            .recovery,
            truth.limit.rawValue >= asked.rawValue - stations[index].control.step.rawValue, index,
            "\(truth.limit) in force, and \(asked) is wanted")
    }

    /// Requirement R3.
    private mutating func checkArmed(_ truth: WallboxTruth, _ limit: Milliamperes, _ index: Int) {
        let station = stations[index]
        guard let failsafe = station.profile.failsafe, failsafe.current != nil,
            failsafe.acceptsZero
        else { return }
        let armed = min(station.driver.safeCurrent, limit)
        expect(
            .armed, truth.failsafe.current == armed, index,
            "armed with \(truth.failsafe.current) instead of \(armed)")
        expect(
            .armed, truth.failsafe.timeout == failsafe.timeoutValue, index,
            "armed with \(truth.failsafe.timeout)")
    }

    /// At the end, after calm: every action that was acknowledged has ended, but for one that waits
    /// for a time that a step of the clock has moved away.
    mutating func checkEnd() {
        for index in stations.indices {
            for id in stations[index].witness.accepted {
                let action = store.actions.last { $0.id == id }
                expect(
                    .oneEnd,
                    action?.state.isTerminal == true
                        || action?.state == .scheduled && wallSteps > 0,
                    index,
                    "\(id.rawValue) is \(action.map { "\($0.state)" } ?? "lost")")
            }
        }
    }

    // MARK: - For people

    mutating func note(_ index: Int, _ words: @autoclosure () -> String) {
        guard transcript != nil else { return }
        let milliseconds = start.duration(to: now).milliseconds
        let seconds = "\(milliseconds / 1000)"
        let padding = String(repeating: " ", count: max(0, 5 - seconds.count))
        let fraction = "\(milliseconds % 1000 + 1000)".dropFirst()
        transcript?.append("\(padding)\(seconds).\(fraction)  \(stations[index].id)  \(words())")
    }

    mutating func noteLink(_ link: LinkState, _ index: Int) {
        guard transcript != nil, stations[index].agent?.shownLink != link else { return }
        stations[index].agent?.shownLink = link
        switch link {
        case .connecting: break
        case .up: note(index, "answers")
        case .down(let reason): note(index, "does not answer: \(reason)")
        }
    }
}
