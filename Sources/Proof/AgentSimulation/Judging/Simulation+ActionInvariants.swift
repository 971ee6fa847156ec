import ChargeControl
import ChargeModel
import ChargerDriver
import WallboxModel

// What must hold of actions.
extension Simulation {
    /// A client is told that an action is accepted; one that is cancelled has been before.
    mutating func witnessAccepted(_ action: Action, _ index: Int) {
        guard !action.state.isTerminal else { return }
        stations[index].witness.accepted(action.id)
        guard action.state == .acknowledged else { return }
        // After a fault the line may wait 30 s yet before it connects again, and a stop that the fault has
        // swallowed is told again when two polls have shown that.
        let isToldAlready = stations[index].agent?.isStopped == true
        let rest = isToldAlready ? Self.timeToJudge : .zero
        guard action.command == .idle, action.sandbox == nil,
            stations[index].witness.disturbedUntil.advanced(by: rest) < now,
            stations[index].agent?.control.snapshot.link == .up
        else { return }
        after(.seconds(2)) { $0.checkStopped(action.id, index) }
    }

    /// What a vehicle takes to react, and two polls of up to 10 s.
    private static let timeToJudge = Duration.seconds(30)

    /// Requirement R9: a stop is on the wire at once.
    private mutating func checkStopped(_ id: Action.ID, _ index: Int) {
        let witness = stations[index].witness
        // Meanwhile somebody may have wanted it to charge again.
        guard witness.accepted.last == id, witness.disturbedUntil < now, isAgentUp,
            !witness.wantsCharge, !stations[index].isMisled,
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
            let mayEnd = stations[index].witness.ended(action.id)
            expect(.oneEnd, mayEnd, index, "\(action.id.rawValue) ends twice")
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
}
