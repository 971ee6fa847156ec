import ChargeControl
import ChargeModel

// How the witness hears of what is wanted: with the agent's own decisions, which may be durable, and so
// be told to others, much later.
extension Simulation {
    /// The agent decides anew.
    mutating func look(_ index: Int, isTick: Bool) {
        let time = time
        stations[index].witness.follow(at: time) { $0.looked(at: time, isTick: isTick) }
    }

    /// What the agent has just ordered.
    mutating func observe(_ effects: [ControlEffect], of index: Int) {
        for effect in effects {
            switch effect {
            case .persist(let change, _): observe(change, of: index)
            case .accept(_, let accepted): observe(accepted, of: index)
            case .setTarget, .refuse, .announce, .drawDelay, .reachedWire: break
            }
        }
    }

    private mutating func observe(_ change: StoreChange, of index: Int) {
        let time = time
        let station = stations[index]
        if let delay = change.slotDelay {
            station.witness.follow(at: time) { $0.delayed(delay, at: time) }
        }
        for action in change.actions {
            switch action.state {
            case .acknowledged where station.witness.wishes.waiting?.id == action.id:
                let mayBegin = station.witness.follow(at: time) { $0.began(action, at: time) }
                expect(.oneStart, mayBegin, index, "\(action.id.rawValue) begins beside another")
            // One that another takes the place of counts until that is durable.
            case .failed(let failure) where failure.code != .superseded:
                station.witness.follow(at: time) { $0.ended(action, at: time) }
            case .completed:
                station.witness.follow(at: time) { $0.ended(action, at: time) }
            case .scheduled, .acknowledged, .failed, .cancelled: break
            }
        }
    }

    private mutating func observe(_ accepted: AcceptedRequest, of index: Int) {
        let time = time
        let station = stations[index]
        switch accepted {
        case .action(let action):
            station.witness.follow(at: time) { $0.accepted(action, at: time) }
        case .settings:
            station.witness.follow(at: time) { $0.settingsChanged() }
        case .schedule:
            let standing = store.restored(station.id).schedule
            station.witness.follow(at: time) { $0.scheduleSet(standing, at: time) }
        }
    }
}
