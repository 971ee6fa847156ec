import ChargeModel

// One phase or three, where the agent may switch: `max_charge_rate` decides. Three phases need at least
// 6 A on each; what is too little for them may be enough for one.
extension ControlEngine {
    /// The phases that may carry current: those switched through, where the agent knows that.
    var availablePhases: Int {
        let installed = configuration.description.phases
        guard configuration.switchesPhases else { return installed }
        return min(snapshot.switchedPhases ?? installed, installed)
    }

    /// What the driver is told where the agent switches.
    var phaseWish: PhaseWish { PhaseWish(wanted: wantedPhases, counted: availablePhases) }

    /// Only for charging, and not while something is wrong; nil: they stay as they are.
    private var wantedPhases: Int? {
        guard wantsCharge, !snapshot.conditions.contains(where: \.holdsAtSafeCurrent) else {
            return nil
        }
        guard let maxChargeRate else { return 3 }
        return [3, 1].first { isEnough(maxChargeRate, for: $0) }
    }

    private func isEnough(_ rate: Watts, for phases: Int) -> Bool {
        let step = max(configuration.step.rawValue, 1)
        let current = Milliamperes(rate, phases: phases).rawValue
        return current / step * step >= configuration.minimum.rawValue
    }

    /// What to say of a cap that counts with other phases than are wanted.
    var phaseNote: String {
        guard configuration.switchesPhases, let wanted = wantedPhases, wanted != availablePhases
        else { return "" }
        return wanted == 1
            ? ", until one is switched through" : ", until three are switched through"
    }
}
