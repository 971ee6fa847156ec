import ChargeModel
import DeviceProfiles

// One phase or three, where configuration and profile allow the agent to switch.
extension DriverEngine {
    @inline(__always)
    private var mostPhases: Int { min(configuration.phases, facts.phases) }

    /// Whether the limit of the target is meant for fewer phases than may carry it: then nothing is
    /// offered until there is another target.
    @inline(__always)
    func exceedsPhases(_ target: ChargerTarget) -> Bool {
        target.phases.map { (switchedPhases ?? mostPhases) > $0.counted } ?? false
    }

    /// Takes over what the wallbox shows. More phases with current than it shows count as well.
    mutating func readPhases() {
        guard configuration.switchesPhases, profile.control.phaseSwitch != nil else { return }
        if case .phases(let shown) = profile.shownPhases(values) {
            switchedPhases = min(max(shown, flowingPhases), mostPhases)
        } else {
            switchedPhases = nil
        }
        snapshot.switchedPhases = switchedPhases
    }

    private var flowingPhases: Int {
        snapshot.currents.count { $0.value.map { $0 > .meterNoise } ?? false }
    }

    /// Looks with every poll what a switch needs to know.
    mutating func watchPhaseSwitch(at now: TimePoint) {
        guard configuration.switchesPhases, profile.control.phaseSwitch != nil else { return }
        let shown = switchedPhases.map { ShownPhases.phases($0) } ?? profile.shownPhases(values)
        phaseSwitcher.polled(
            PhaseSwitcher.Sight(
                wanted: wantedPhases(at: now.monotonic), shown: shown, isStopped: isStopped,
                mayBegin: maySwitch(at: now.monotonic)),
            at: now.monotonic)
    }

    private func wantedPhases(at now: MonotonicInstant) -> Int? {
        guard let target, now < target.validUntil, target.allowsIncrease else { return nil }
        return target.phases?.wanted.map { min($0, mostPhases) }
    }

    /// Whether 0 A is verifiably in force, and nothing flows.
    private var isStopped: Bool {
        guard case .verified(let offered, _) = reconciler.progress else { return false }
        return offered == .zero && snapshot.pilot.value?.isDrawing != true && flowingPhases == 0
            && (snapshot.power.value ?? .zero) <= Self.noise
    }

    /// Up to 1 A of one phase may be a meter's noise.
    private static let noise = Watts(230)

    /// A switch is a stop and a start of its own: it begins when all else is in force.
    private func maySwitch(at now: MonotonicInstant) -> Bool {
        guard contact == .established, !configuration.isReadOnly, ending == .none, running == nil,
            case .verified = reconciler.progress
        else { return false }
        return wear.contactor.room(for: 2).map { now >= $0 } ?? true
    }

    /// The steps that are due.
    func phaseSwitchSteps(at now: MonotonicInstant) -> RunningSteps? {
        guard let phases = phaseSwitcher.due(at: now), let ways = profile.control.phaseSwitch else {
            return nil
        }
        return RunningSteps(
            .phaseSwitch(phases),
            profile.operations(for: phases == 1 ? ways.toOne : ways.toThree, limit: .zero))
    }

    /// Steps are replaced by others, or dropped.
    mutating func brokenOff(_ steps: RunningSteps?, at now: TimePoint) {
        guard case .phaseSwitch? = steps?.purpose else { return }
        phaseSwitcher.stepsFailed("a stop came in between", at: now.monotonic)
    }

    /// When the next look is due while a switch waits for what polls tell; nil otherwise.
    var nextLook: MonotonicInstant? {
        guard phaseSwitcher.isPausing, let last = snapshot.lastPoll?.monotonic else { return nil }
        return last.advanced(by: max(Self.lookPeriod, profile.link.minimumPoll))
    }

    private static let lookPeriod: Duration = .seconds(1)
}
