import ChargeControl
import ChargeModel
import ChargerDriver

// The desk of each control engine: one input after the other, each to its end, commits included.
extension Simulation {
    mutating func pump(_ index: Int) {
        var hasNewTarget = false
        while stations[index].agent?.isCommitting == false {
            if stations[index].agent?.effects.isEmpty == false,
                let effect = stations[index].agent?.effects.removeFirst()
            {
                carryOut(effect, of: index)
                if case .setTarget = effect { hasNewTarget = true }
            } else if !takeInput(index) {
                break
            }
        }
        if hasNewTarget { askLine(index) }
    }

    /// - Returns: Whether there was any.
    private mutating func takeInput(_ index: Int) -> Bool {
        checkQueues(index)
        // In place: a copy of the engines would have to be unshared with every event.
        let time = time
        exchangeShare(index)
        guard let (input, effects) = stations[index].agent?.takeInput(at: time, &random) else {
            return false
        }
        if input != .request { look(index, isTick: input == .tick) }
        observe(effects, of: index)
        stations[index].agent?.effects = effects
        return true
    }

    private mutating func carryOut(_ effect: ControlEffect, of index: Int) {
        switch effect {
        case .persist(let change, let commit):
            stations[index].agent?.committing = change
            stations[index].agent?.commit = commit
            let wait = Duration.milliseconds(Int.random(in: commitTime, using: &random))
            queue.add(
                .committed(index, generation: generation, store.failure),
                at: now.advanced(by: wait))
        case .setTarget(let target):
            setTarget(target, of: index)
        case .accept(_, .action(let action)):
            hash.add(action.id.rawValue)
            note(index, "\(action.command.rawValue) accepted as \(action.id.rawValue)")
            witnessAccepted(action, index)
        case .accept(_, .settings):
            note(index, "settings accepted")
        case .accept(_, .schedule(let schedule)):
            note(index, "schedule \(schedule?.id ?? "none") accepted")
        case .refuse(_, let refusal):
            note(index, "refused: \(refusal)")
        case .announce(let payload):
            announce(payload, of: index)
        case .drawDelay(let longest, let slot):
            let drawn = StartDelay.draw(upTo: longest, using: &random)
            note(index, "a delay of \(drawn) is drawn")
            let time = time
            let effects =
                stations[index].agent?.control.delayDrawn(drawn, slot: slot, at: time) ?? []
            observe(effects, of: index)
            stations[index].agent?.effects.insert(contentsOf: effects, at: 0)
        case .reachedWire: break
        }
    }

    private mutating func setTarget(_ target: ChargerTarget?, of index: Int) {
        let time = time
        let before = stations[index].agent?.target
        if before?.revision != target?.revision {
            stations[index].witness.sinceTargetChanged = now
        }
        stations[index].agent?.target = target
        if let target, let before {
            noteTarget(target, isReduction: target.limit < before.limit, index)
        }
        let effects =
            stations[index].agent?.line.targetChanged(target, driver: 0, at: time) ?? []
        for effect in effects {
            if case .snapshot(let snapshot) = effect.effect {
                stations[index].agent?.snapshot = snapshot
            }
        }
    }

    mutating func committed(_ index: Int, _ error: StoreError?) {
        guard let change = stations[index].agent?.committing,
            let commit = stations[index].agent?.commit
        else { return }
        stations[index].agent?.committing = nil
        let time = time
        let effects: [ControlEffect]
        if let error {
            effects =
                stations[index].agent?.control.persistFailed(commit, error: error, at: time) ?? []
        } else {
            self.commit(change, of: index)
            effects = stations[index].agent?.control.persisted(commit, at: time) ?? []
        }
        // It decides, unless what has become durable had counted before.
        if effects.contains(where: \.isTarget) { look(index, isTick: false) }
        observe(effects, of: index)
        stations[index].agent?.effects.insert(contentsOf: effects, at: 0)
        pump(index)
    }

    mutating func commit(_ change: StoreChange, of index: Int) {
        guard let problem = store.apply(change) else { return }
        expect(.oneEnd, false, index, "the store: \(problem)")
    }

    // MARK: - Clients

    mutating func push(
        _ command: ChargeCommand, to index: Int, timing: ActionTiming? = nil,
        onConflict: ConflictStrategy? = nil, sandbox: SandboxOutcome? = nil
    ) {
        let request = ActionRequest(
            charger: stations[index].id, command: command, timing: timing, onConflict: onConflict,
            sandbox: sandbox)
        let id = Action.ID("action_\(nextID)")
        submit(.push(request, id), to: index)
    }

    mutating func cancel(_ id: String, of index: Int) {
        submit(.cancel(Action.ID(id)), to: index)
    }

    mutating func setSchedule(_ schedule: RecurringSchedule?, of index: Int) {
        submit(.schedule(schedule), to: index)
    }

    mutating func setMaxChargeRate(_ rate: Watts, of index: Int) {
        submit(
            .change(SettingsRequest(charger: stations[index].id, maxChargeRate: rate)), to: index)
    }

    private mutating func submit(_ order: AgentSide.Order, to index: Int) {
        nextID += 1
        stations[index].agent?.requests.append(
            AgentSide.PendingRequest(id: RequestID(rawValue: nextID), order: order))
        pump(index)
    }
}

extension AgentSide {
    fileprivate enum Input { case request, snapshot, tick }

    /// The effects of the next input; nil when there is none. Requests first, as in the runtime.
    fileprivate func takeInput(
        at time: TimePoint, _ random: inout SeededRandom
    ) -> (Input, [ControlEffect])? {
        if !requests.isEmpty {
            let request = requests.removeFirst()
            // What is wanted may be another thing now: the group is to hear of it.
            isTickDue = isTickDue || control.configuration.group != nil
            return (.request, carryOut(request, at: time, &random))
        }
        if let snapshot {
            self.snapshot = nil
            return (.snapshot, control.snapshotTaken(snapshot, at: time))
        }
        guard isTickDue else { return nil }
        isTickDue = false
        return (.tick, control.tick(at: time))
    }

    private func carryOut(
        _ request: PendingRequest, at time: TimePoint, _ random: inout SeededRandom
    ) -> [ControlEffect] {
        switch request.order {
        case .push(let push, let id):
            let longest = control.longestDelay(of: push)
            let delay = longest > .zero ? StartDelay.draw(upTo: longest, using: &random) : nil
            return control.requested(push, id: id, startDelay: delay, as: request.id, at: time)
        case .change(let change):
            return control.settingsRequested(change, as: request.id, at: time)
        case .cancel(let id):
            return control.cancelRequested(id, as: request.id, at: time)
        case .schedule(let schedule):
            return control.scheduleRequested(schedule, as: request.id, at: time)
        }
    }
}

extension ControlEffect {
    fileprivate var isTarget: Bool {
        if case .setTarget = self { true } else { false }
    }
}
