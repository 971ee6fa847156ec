import ChargeModel

// The randomised delay of starts that come by the clock (requirement R45). It is off unless the
// configuration says otherwise. The core says up to how much; what is drawn comes from outside.
//
// - A deferred `charge`: drawn when it is accepted, and durable with it.
// - A slot of the recurring schedule: drawn when it opens, if it begins to charge: not if the charger
//   was to charge already, nor if the schedule was set while the slot was open.
// - Stops and ends are never delayed, and whatever is pushed to begin at once does.
extension ControlEngine {
    /// The delay of the last slot that opened.
    struct SlotDelay: Hashable, Codable, Sendable {
        /// Of the slot.
        var start: WallInstant
        /// nil while it is asked for.
        var delay: Duration?
    }

    /// Up to how much the start of an action is to be delayed; zero for what is not.
    package func longestDelay(of request: ActionRequest) -> Duration {
        guard request.command == .charge, let timing = request.timing else { return .zero }
        return StartDelay.longest(
            configuration.startDelay, within: timing.end.map { timing.start.duration(to: $0) })
    }

    /// When a slot that is open lets the charger charge.
    func beginning(of slot: ScheduleMoment.Occurrence) -> WallInstant {
        guard isDelayed(slot) else { return slot.start }
        let known = slotDelay.flatMap { $0.start == slot.start ? $0.delay : nil }
        return slot.start.advanced(by: known ?? longestDelay(of: slot))
    }

    /// What was drawn for a slot; nil where nothing was.
    func drawnDelay(of slot: ScheduleMoment.Occurrence) -> Duration? {
        guard isDelayed(slot), slotDelay?.start == slot.start else { return nil }
        return slotDelay?.delay
    }

    private func longestDelay(of slot: ScheduleMoment.Occurrence) -> Duration {
        StartDelay.longest(configuration.startDelay, within: slot.start.duration(to: slot.end))
    }

    private func isDelayed(_ slot: ScheduleMoment.Occurrence) -> Bool {
        guard let plan, slot.slot.command == .charge else { return false }
        return longestDelay(of: slot) > .zero && slot.start > plan.schedule.updatedAt
    }

    /// Asks for the delay of a slot that has opened; to be told before the wish of before is forgotten.
    mutating func delaySlot() -> [ControlEffect] {
        guard let slot = plan?.moment?.active, isDelayed(slot), slotDelay?.start != slot.start
        else { return [] }
        switch wish {
        case .slot, .intent(.charge):
            return [keep(SlotDelay(start: slot.start, delay: .zero))]
        case .undecided, .intent, .betweenSlots, .delayed, .unknowable:
            slotDelay = SlotDelay(start: slot.start, delay: nil)
            return [.drawDelay(upTo: longestDelay(of: slot), slot: slot.start)]
        }
    }

    /// The delay was drawn that ``ControlEffect/drawDelay(upTo:slot:)`` asked for.
    package mutating func delayDrawn(
        _ delay: Duration, slot: WallInstant, at now: TimePoint
    ) -> [ControlEffect] {
        guard slotDelay == SlotDelay(start: slot, delay: nil) else { return [] }
        let kept = keep(SlotDelay(start: slot, delay: delay))
        return decide(at: now) + [kept]
    }

    private mutating func keep(_ delay: SlotDelay) -> ControlEffect {
        slotDelay = delay
        return keep(
            delay: SlotDelayChange(
                charger: configuration.description.id, start: delay.start,
                delay: delay.delay ?? .zero))
    }
}
