import ChargeControl
import ChargeModel
import WallboxModel

// What is planned by the clock on the wall, and what a clock does to it.
extension RandomWorld {
    /// Plans of clients, within the next minutes: they begin while the world is still watched.
    func plan(_ simulation: inout Simulation, _ index: Int) {
        switch Int.random(in: 0..<10, using: &simulation.random) {
        case 0..<5: pushLater(&simulation, index)
        case 5, 6: cancel(&simulation, index)
        case 7, 8: simulation.setSchedule(schedule(&simulation, index), of: index)
        default: simulation.setSchedule(nil, of: index)
        }
    }

    private func pushLater(_ simulation: inout Simulation, _ index: Int) {
        let command: ChargeCommand =
            Int.random(in: 0..<3, using: &simulation.random) > 0 ? .charge : .idle
        let start = simulation.time.wall.advanced(by: simulation.milliseconds(0...90_000))
        let hasEnd = command == .charge && Bool.random(using: &simulation.random)
        let length = simulation.milliseconds(1_000...100_000)
        let timing = ActionTiming(
            start: start, isRelative: Bool.random(using: &simulation.random),
            end: hasEnd ? start.advanced(by: length) : nil)
        simulation.push(
            command, to: index, timing: timing,
            onConflict: Bool.random(using: &simulation.random) ? .cancelAndReplace : nil)
    }

    /// Somebody cancels what he pushed last, whatever has become of it.
    private func cancel(_ simulation: inout Simulation, _ index: Int) {
        guard let last = simulation.stations[index].witness.accepted.last else { return }
        simulation.cancel(last.rawValue, of: index)
    }

    /// Slots of some minutes each, from a few minutes ago on, some of which touch.
    private func schedule(_ simulation: inout Simulation, _ index: Int) -> RecurringSchedule {
        let now = Int(simulation.time.wall.milliseconds / 60_000 % 1_440)
        var minute = now + 1_440 - Int.random(in: 0...4, using: &simulation.random)
        var slots: [ScheduleSlot] = []
        for _ in 0...Int.random(in: 0...3, using: &simulation.random) {
            minute += Int.random(in: 0...3, using: &simulation.random)
            let length = Int.random(in: 1...4, using: &simulation.random)
            slots.append(
                ScheduleSlot(
                    startMinute: minute % 1_440, durationMinutes: length, command: .charge))
            minute += length
        }
        simulation.nextID += 1
        return RecurringSchedule(
            id: "sched_\(simulation.nextID)", charger: simulation.stations[index].id,
            timezone: "UTC", recurrence: .daily, slots: slots, updatedAt: simulation.time.wall
        ).inOrder
    }

    /// The clock is set, or is not believed for a while.
    func disturbClock(_ simulation: inout Simulation) {
        if Bool.random(using: &simulation.random) {
            let step = simulation.milliseconds(-120_000...120_000)
            simulation.note("clock stepped by \(step)")
            simulation.stepWall(by: step)
            return
        }
        simulation.isWallTrusted = false
        simulation.note("clock not trusted")
        simulation.after(simulation.milliseconds(1_000...60_000)) { simulation in
            simulation.isWallTrusted = true
            simulation.note("clock trusted")
        }
    }
}

extension Simulation {
    mutating func stepWall(by duration: Duration) {
        wallStart = wallStart.advanced(by: duration)
        wallSteps += 1
    }

    /// Of all stations.
    mutating func note(_ words: String) {
        for index in stations.indices { note(index, words) }
    }

    // MARK: - Invariants

    /// Requirement R21: never early, never twice, never two at once.
    mutating func checkBeginning(_ action: Action, _ index: Int) {
        let earliest = action.start?.advanced(by: action.startDelay ?? .zero)
        let begun = action.acknowledgedAt
        expect(
            action.startOnBoot != nil || begun ?? time.wall >= earliest ?? time.wall, index,
            "R21: \(action.id.rawValue) is early")
        let time = time
        let mayBegin = stations[index].witness.began(action, at: time)
        expect(mayBegin, index, "\(action.id.rawValue) begins twice, or beside another")
    }

    /// At the end of a window the charger is idle, if nothing else came meanwhile.
    mutating func expectEnd(of action: Action, _ index: Int) {
        guard let end = action.end, action.state == .completed else { return }
        let steps = wallSteps
        let id = action.id
        after(max(time.wall.duration(to: end), .zero) + .seconds(3)) { simulation in
            let witness = simulation.stations[index].witness
            guard witness.accepted.last == id, witness.schedule == nil, witness.inFlight == nil,
                witness.disturbedUntil < simulation.now, simulation.isAgentUp,
                simulation.wallSteps == steps
            else { return }
            simulation.stations[index].box.advance(to: simulation.now)
            let limit = simulation.stations[index].box.truth.limit
            simulation.expect(
                limit == .zero, index, "\(limit) 3 s after the window of \(id.rawValue)")
        }
    }
}
