import ChargeControl
import ChargeModel
import WallboxModel

// What must hold of plans.
extension Simulation {
    /// Requirement R21: never early, never twice, never two at once.
    mutating func checkBeginning(_ action: Action, _ index: Int) {
        let earliest = action.start?.advanced(by: action.startDelay ?? .zero)
        let begun = action.acknowledgedAt
        expect(
            .punctual,
            action.startOnBoot != nil || begun ?? time.wall >= earliest ?? time.wall, index,
            "\(action.id.rawValue) is early")
        let mayBegin = stations[index].witness.began(action.id)
        expect(.oneStart, mayBegin, index, "\(action.id.rawValue) begins twice")
    }

    /// At the end of a window the charger is idle, if nothing else came meanwhile.
    mutating func expectEnd(of action: Action, _ index: Int) {
        guard let end = action.end, action.state == .completed else { return }
        let steps = wallSteps
        let id = action.id
        after(max(time.wall.duration(to: end), .zero) + Self.endsWithin) {
            $0.checkEnded(id, steps: steps, index)
        }
    }

    private static let endsWithin = Duration.seconds(3)

    private mutating func checkEnded(_ id: Action.ID, steps: Int, _ index: Int) {
        let witness = stations[index].witness
        guard witness.accepted.last == id, witness.wishes.schedule == nil,
            witness.wishes.inFlight == nil, wallSteps == steps
        else { return }
        // What was disturbed meanwhile has as long after that.
        let free = max(
            witness.disturbedUntil, witness.unseenUntil, witness.answersSince ?? now)
        let due = free.advanced(by: Self.endsWithin)
        guard due <= now else {
            return after(now.duration(to: due)) { $0.checkEnded(id, steps: steps, index) }
        }
        guard let agent = stations[index].agent,
            // As a wallbox that boots, or whose link is lost in vain, comes back later.
            agent.control.snapshot.link == .up,
            // One that has never had a clock cannot know, and holds the safe current.
            isWallTrusted || agent.startedAt < distrustedSince, !stations[index].isMisled
        else { return }
        stations[index].box.advance(to: now)
        let limit = stations[index].box.truth.limit
        expect(.punctual, limit == .zero, index, "\(limit) 3 s after the window of \(id.rawValue)")
    }
}
