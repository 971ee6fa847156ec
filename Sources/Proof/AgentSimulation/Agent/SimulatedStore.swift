import ChargeControl
import ChargeModel

/// The store in virtual time: what is committed is durable, and a commit can fail. It refuses what
/// the schema of the real store refuses, and knows when an end of an action is changed.
struct SimulatedStore {
    private(set) var actions: [Action] = []
    private var intents: [IntentChange] = []
    private var schedules: [RecurringSchedule] = []
    private var slotDelays: [SlotDelayChange] = []
    private var rates: [(charger: ChargerID, rate: Watts?)] = []
    /// From now on every commit fails with this error; nil ends that.
    var failure: StoreError?

    /// - Returns: What is wrong with the change itself, for a report; nil when it is sound.
    mutating func apply(_ change: StoreChange) -> String? {
        for action in change.actions {
            guard let index = actions.lastIndex(where: { $0.id == action.id }) else {
                actions.append(action)
                continue
            }
            if actions[index].state.isTerminal, actions[index].state != action.state {
                return
                    "\(action.id.rawValue) ended as \(actions[index].state) and now as \(action.state)"
            }
            actions[index] = action
        }
        if let change = change.intent {
            intents.removeAll { $0.charger == change.charger }
            intents.append(change)
        }
        if let change = change.settings {
            rates.removeAll { $0.charger == change.charger }
            rates.append((change.charger, change.maxChargeRate))
        }
        if let change = change.schedule {
            schedules.removeAll { $0.charger == change.charger }
            slotDelays.removeAll { $0.charger == change.charger }
            if let schedule = change.schedule { schedules.append(schedule) }
        }
        if let delay = change.slotDelay {
            slotDelays.removeAll { $0.charger == delay.charger }
            slotDelays.append(delay)
        }
        for action in change.actions where !action.state.isTerminal {
            let open = actions.filter { $0.charger == action.charger && !$0.state.isTerminal }
            if open.count > 1 { return "two open actions of \(action.charger)" }
        }
        return nil
    }

    func restored(_ charger: ChargerID) -> RestoredCharger {
        let own = actions.filter { $0.charger == charger }
        let intent = intents.first { $0.charger == charger }
        return RestoredCharger(
            charger: charger, intent: intent?.intent, intentUntil: intent?.until,
            openWindow: intent?.window.flatMap { id in own.first { $0.id == id } },
            maxChargeRate: rates.first { $0.charger == charger }?.rate,
            schedule: schedules.first { $0.charger == charger },
            slotDelay: slotDelays.first { $0.charger == charger },
            openAction: own.first { !$0.state.isTerminal }, lastAction: own.last)
    }
}
