import ChargeControl
import ChargeModel
import ChargerDriver
import Modbus

/// One thing that happened, for people.
package struct TranscriptLine: Hashable, Sendable {
    package var at: WallInstant
    /// nil for what concerns the whole line.
    package var charger: ChargerID?
    package var topic: Topic
    package var text: String

    package enum Topic: String, Hashable, Sendable, CaseIterable {
        /// The link to a wallbox.
        case link
        /// What a client asked for, and what it was answered.
        case request
        case action
        /// Whether something became durable.
        case store
        case decision
        /// A write to a wallbox.
        case write
        case condition
        /// What the charger does.
        case state
        /// Reads, ticks, leases: what comes with every poll.
        case routine
    }

    /// Such as `2026-06-02T12:00:00.000Z device_ev_001 decision up to 16 A: ...`.
    package var description: String {
        "\(at.timestamp) \(charger?.rawValue ?? "-") \(topic.rawValue) \(text)"
    }
}

extension LineReplay.Step {
    /// What is worth telling of it.
    ///
    /// - Parameter state: The engines after the step.
    package func transcript(_ state: LineState) -> [TranscriptLine] {
        let story = Story(at: time.wall, chargers: state.ids, units: state.units)
        return story.lines(of: input) + story.lines(of: output, to: input)
    }
}

extension LineState {
    /// The chargers in the order of the line.
    package var ids: [ChargerID] { controls.map(\.configuration.description.id) }

    fileprivate var units: [UInt8] { line.drivers.map(\.configuration.unit) }
}

/// Puts one step into words.
private struct Story {
    let at: WallInstant
    let chargers: [ChargerID]
    let units: [UInt8]

    private typealias Topic = TranscriptLine.Topic

    private func line(_ charger: Int?, _ topic: Topic, _ text: String) -> TranscriptLine {
        TranscriptLine(at: at, charger: charger.map { chargers[$0] }, topic: topic, text: text)
    }

    /// The only charger of the line, or the one with a unit.
    private func charger(unit: UInt8) -> Int? {
        units.count == 1 ? 0 : units.firstIndex(of: unit)
    }

    // MARK: - What came

    func lines(of input: LineInput) -> [TranscriptLine] {
        switch input {
        case .next: []
        case .wire(let wire): lines(of: wire)
        case .control(let control, let charger): lines(of: control, charger)
        }
    }

    private func lines(of wire: LineInput.Wire) -> [TranscriptLine] {
        switch wire {
        case .opened: [line(nil, .link, "connected")]
        case .openFailed(let error): [line(nil, .link, "cannot connect: \(error)")]
        case .closed: [line(nil, .link, "closed")]
        case .answered(let response): [line(nil, .routine, "answer: \(response)")]
        case .failed(let error): [line(nil, .link, "no usable answer: \(error)")]
        case .targetChanged(let target, let driver): [line(driver, .routine, words(of: target))]
        case .pollRequested(let driver): [line(driver, .routine, "a poll is asked for")]
        case .endRequested(let driver): [line(driver, .link, "the agent ends")]
        }
    }

    private func words(of target: ChargerTarget?) -> String {
        guard let target else { return "target: none" }
        return "target: \(target.limit)\(target.allowsIncrease ? "" : ", not to be raised")"
            + ", revision \(target.revision)"
    }

    private func lines(of control: LineInput.Control, _ charger: Int) -> [TranscriptLine] {
        switch control {
        case .tick: [line(charger, .routine, "tick")]
        case .snapshotTaken: [line(charger, .routine, "a poll is taken")]
        case .shareGiven(let share):
            [
                line(
                    charger, .routine,
                    share.map { "share: \($0.limit), \($0.reason)" } ?? "share: none yet")
            ]
        case .requested(let action, let id, let delay, _):
            [line(charger, .request, words(of: action, id, delay))]
        case .cancelRequested(let id, _): [line(charger, .request, "cancel \(id.rawValue)")]
        case .settingsRequested(let settings, _):
            [line(charger, .request, "max_charge_rate \(settings.maxChargeRate)")]
        case .scheduleRequested(let order, _):
            [
                line(
                    charger, .request,
                    order.schedule.map { "schedule \($0.id), slots: \($0.slots.count)" }
                        ?? "remove the schedule")
            ]
        case .persisted(let commit):
            [line(charger, .store, "commit \(commit.rawValue) is durable")]
        case .persistFailed(let commit, let error):
            [line(charger, .store, "commit \(commit.rawValue) failed: \(error)")]
        case .delayDrawn(let delay, _):
            [line(charger, .decision, "drew a delay of \(delay.milliseconds / 1000) s")]
        }
    }

    private func words(
        of action: ActionRequest, _ id: Action.ID, _ delay: Duration?
    ) -> String {
        var text = "\(action.command.rawValue) as \(id.rawValue)"
        if let timing = action.timing {
            text += ", from \(timing.start.timestamp)"
            if let end = timing.end { text += " to \(end.timestamp)" }
        }
        if let delay { text += ", delayed by \(delay.milliseconds / 1000) s" }
        return text
    }

    // MARK: - What came of it

    func lines(of output: LineReplay.Output, to input: LineInput) -> [TranscriptLine] {
        switch output {
        case .order(let order): return lines(of: order)
        case .drivers(let effects): return effects.map { line(of: $0) }
        case .control(let effects):
            guard case .control(_, let charger) = input else { return [] }
            return effects.map { line(of: $0, charger) }
        }
    }

    private func lines(of order: LineEngine.Order) -> [TranscriptLine] {
        switch order {
        case .open: [line(nil, .routine, "connects")]
        case .close: [line(nil, .routine, "closes the link")]
        case .sleep: []
        case .perform(let request):
            [
                line(
                    charger(unit: request.request.unit),
                    request.request.operation.isWrite ? .write : .routine, "\(request.request)")
            ]
        }
    }

    private func line(of effect: LineEngine.Effect) -> TranscriptLine {
        switch effect.effect {
        case .snapshot(let snapshot):
            let pilot = snapshot.pilot.value?.rawValue ?? "unknown"
            let setpoint = snapshot.setpoint.value.map { "\($0)" } ?? "unknown"
            return line(effect.driver, .routine, "reads: pilot \(pilot), setpoint \(setpoint)")
        case .wrote(let report):
            let end = report.refusal.map { "refused: \($0)" } ?? "confirmed"
            return line(effect.driver, .write, "\(report.what): \(end)")
        }
    }

    private func line(of effect: ControlEffect, _ charger: Int) -> TranscriptLine {
        switch effect {
        case .persist(_, let commit):
            line(charger, .store, "commits \(commit.rawValue)")
        case .setTarget(let target): line(charger, .routine, words(of: target))
        case .accept: line(charger, .request, "accepted")
        case .refuse(_, let refusal): line(charger, .request, "refused: \(refusal)")
        case .announce(let payload): line(of: payload, charger)
        case .drawDelay(let longest, _):
            line(charger, .decision, "draws a delay of up to \(longest.milliseconds / 1000) s")
        case .reachedWire(let latency):
            line(charger, .action, "on the wire after \(latency.milliseconds) ms")
        }
    }

    private func line(of payload: AgentEvent.Payload, _ charger: Int) -> TranscriptLine {
        switch payload {
        case .state(let view):
            let power = view.power.map { ", \($0)" } ?? ""
            return line(charger, .state, "\(view.status.rawValue)\(power)")
        case .action(let action):
            var text = "\(action.id.rawValue) (\(action.command.rawValue))"
            text += ": \(action.state.name.rawValue)"
            if case .failed(let failure) = action.state {
                text += ", \(failure.code.rawValue): \(failure.message)"
            }
            if let message = action.message { text += ", \(message)" }
            return line(charger, .action, text)
        case .decision(let decision):
            return line(charger, .decision, decision.reason)
        case .fault(let condition, let isActive):
            return line(
                charger, .condition,
                "\(condition.code) \(isActive ? "begins: \(condition.message)" : "is over")")
        }
    }
}
