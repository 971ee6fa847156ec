import ChargeControl
import ChargeModel
import ChargerDriver

/// The engines of one line at one moment: what is wanted of each charger, and how the bus is talked
/// to. A value, so that a copy of it is a checkpoint.
package struct LineState: Codable, Sendable {
    package private(set) var line: LineEngine
    /// By the place of the charger on the line, as the drivers are.
    package private(set) var controls: [ControlEngine]
    /// What each driver told last.
    private var published: [ChargerSnapshot?]

    /// - Precondition: There is a control engine for each driver of the line.
    package init(line: LineEngine, controls: [ControlEngine]) {
        precondition(line.drivers.count == controls.count, "a charger is a driver and a control")
        self.line = line
        self.controls = controls
        published = Array(repeating: nil, count: controls.count)
    }

    mutating func next(at now: TimePoint) -> LineEngine.Order { line.next(at: now) }

    mutating func tell(_ input: LineInput.Wire, at now: TimePoint) -> [LineEngine.Effect] {
        let effects = carryOut(input, at: now)
        for effect in effects {
            if case .snapshot(let snapshot) = effect.effect { published[effect.driver] = snapshot }
        }
        return effects
    }

    private mutating func carryOut(
        _ input: LineInput.Wire, at now: TimePoint
    ) -> [LineEngine.Effect] {
        switch input {
        case .opened: line.opened(at: now)
        case .openFailed(let error): return line.openFailed(error, at: now)
        case .closed: return line.closed(at: now)
        case .answered(let response): return line.completed(.success(response), at: now)
        case .failed(let error): return line.completed(.failure(error), at: now)
        case .targetChanged(let target, let driver):
            return line.targetChanged(target, driver: driver, at: now)
        case .pollRequested(let driver): line.pollRequested(driver: driver, at: now)
        case .endRequested(let driver): line.endRequested(driver: driver, at: now)
        }
        return []
    }

    mutating func tell(
        _ input: LineInput.Control, of index: Int, at now: TimePoint
    ) -> [ControlEffect] {
        switch input {
        case .tick: return controls[index].tick(at: now)
        case .snapshotTaken:
            guard let snapshot = published[index] else {
                preconditionFailure("a snapshot is taken before there is one")
            }
            return controls[index].snapshotTaken(snapshot, at: now)
        case .shareGiven(let share):
            controls[index].shareGiven(share)
            return []
        case .requested(let action, let id, let startDelay, let request):
            return controls[index].requested(
                action, id: id, startDelay: startDelay, as: request, at: now)
        case .cancelRequested(let id, let request):
            return controls[index].cancelRequested(id, as: request, at: now)
        case .settingsRequested(let settings, let request):
            return controls[index].settingsRequested(settings, as: request, at: now)
        case .scheduleRequested(let order, let request):
            return controls[index].scheduleRequested(
                order.schedule, idempotency: order.idempotency, as: request, at: now)
        case .persisted(let commit): return controls[index].persisted(commit, at: now)
        case .persistFailed(let commit, let error):
            return controls[index].persistFailed(commit, error: error, at: now)
        case .delayDrawn(let delay, let slot):
            return controls[index].delayDrawn(delay, slot: slot, at: now)
        }
    }

    /// Whether an input names a charger that is there, and a snapshot that has been told.
    func canTake(_ input: LineInput) -> Bool {
        switch input {
        case .next: true
        case .wire(.targetChanged(_, let driver)), .wire(.pollRequested(let driver)),
            .wire(.endRequested(let driver)):
            controls.indices.contains(driver)
        case .wire: true
        case .control(.snapshotTaken, let index):
            controls.indices.contains(index) && published[index] != nil
        case .control(_, let index): controls.indices.contains(index)
        }
    }
}
