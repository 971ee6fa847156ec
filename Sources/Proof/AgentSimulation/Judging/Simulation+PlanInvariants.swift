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
        let time = time
        let mayBegin = stations[index].witness.began(action, at: time)
        expect(
            .oneStart, mayBegin, index, "\(action.id.rawValue) begins twice, or beside another")
    }

    /// At the end of a window the charger is idle, if nothing else came meanwhile.
    mutating func expectEnd(of action: Action, _ index: Int) {
        guard let end = action.end, action.state == .completed else { return }
        let steps = wallSteps
        let id = action.id
        let begun = now
        after(max(time.wall.duration(to: end), .zero) + .seconds(3)) { simulation in
            let witness = simulation.stations[index].witness
            guard witness.accepted.last == id, witness.schedule == nil, witness.inFlight == nil,
                witness.disturbedUntil < simulation.now, simulation.wallSteps == steps,
                let agent = simulation.stations[index].agent,
                // As a wallbox that boots, or whose link is lost in vain, comes back later.
                agent.control.snapshot.link == .up,
                // One that begins within the window, without a clock, holds the safe current.
                simulation.isWallTrusted || agent.startedAt <= begun
            else { return }
            simulation.stations[index].box.advance(to: simulation.now)
            let limit = simulation.stations[index].box.truth.limit
            simulation.expect(
                .punctual, limit == .zero, index, "\(limit) 3 s after the window of \(id.rawValue)")
        }
    }
}
