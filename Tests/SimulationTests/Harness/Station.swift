import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import WallboxModel

/// One wallbox with its wire, and the agent's engines for it while the agent runs.
struct Station {
    let id: ChargerID
    let profile: DeviceProfile
    let control: ControlConfiguration
    let driver: DriverConfiguration
    var box: SimulatedWallbox
    var wire = SimulatedWire()
    var agent: AgentSide?
    var witness = Witness()

    init(_ plan: StationPlan, at now: MonotonicInstant) {
        id = ChargerID(plan.name)
        profile = plan.profile
        let phases = plan.profile.electrical.phases
        let description = ChargerDescription(
            id: id, vendor: plan.profile.vendor, model: plan.profile.model, user: nil,
            isSimulated: true, profile: plan.profile.id, phases: phases,
            effectivePoll: DriverEngine.effectivePoll(profile: plan.profile, configured: plan.poll))
        control = ControlConfiguration(
            description: description, installationMaximum: plan.installationMaximum,
            safeCurrent: plan.safeCurrent, minimum: plan.profile.control.minimum,
            profileMaximum: plan.profile.control.maximum, step: plan.profile.control.step,
            ratedPower: plan.profile.electrical.ratedPower, group: plan.group)
        driver = DriverConfiguration(
            unit: plan.profile.link.unit, installationMaximum: plan.installationMaximum,
            safeCurrent: plan.safeCurrent, phases: phases, poll: plan.poll)
        box = SimulatedWallbox(profile: plan.profile, options: plan.options, at: now)
    }
}

/// What a station is built from.
struct StationPlan {
    var name: String
    var profile: DeviceProfile
    var installationMaximum = Milliamperes.amperes(16)
    var safeCurrent = Milliamperes.amperes(6)
    var poll = Duration.seconds(1)
    var options = WallboxOptions()
    /// The name of the fuse that it shares.
    var group: String?

    init(name: String, profile: DeviceProfile) {
        self.name = name
        self.profile = profile
        options.serial = "10000\(name.utf8.count)"
    }
}

/// The agent's engines for one charger, and the desk that feeds the control engine: one input after
/// the other, each to its end, commits included.
struct AgentSide {
    var line: LineEngine
    var control: ControlEngine
    var startedAt: MonotonicInstant
    var target: ChargerTarget?
    /// An order of the line is being carried out.
    var isWireBusy = false
    var wireToken: UInt64 = 0
    var lastOpen: MonotonicInstant?

    /// Effects that are still to be carried out, the next one first.
    var effects: [ControlEffect] = []
    var committing: StoreChange?
    var commit: CommitID?
    var shownLink: LinkState?
    var requests: [PendingRequest] = []
    var snapshot: ChargerSnapshot?
    var isTickDue = false

    struct PendingRequest {
        var id: RequestID
        var order: Order
    }

    enum Order {
        case push(ActionRequest, Action.ID)
        case change(SettingsRequest)
        case cancel(Action.ID)
        case schedule(RecurringSchedule?)
    }
}

/// What an observer outside knows of one charger: kept apart from the engines, so that these are not
/// their own judges.
struct Witness {
    /// The last time at which somebody wanted it to charge: the action in flight or the intent.
    var chargeWantedAt: MonotonicInstant?
    var inFlight: Action?
    var intent: ChargeIntent?
    /// Whether a recurring schedule may want it to charge at any time.
    var hasSchedule = false
    /// Every action that a client was told is accepted.
    var accepted: [Action.ID] = []
    /// Those that ended since the agent started.
    private var ended: [Action.ID] = []
    /// When the last write of the agent raised what the wallbox allows.
    var raisedAt: MonotonicInstant?
    /// Until when something was not as it should be.
    var disturbedUntil: MonotonicInstant
    var activations = 0
    var sinceTargetChanged: MonotonicInstant?

    init() {
        disturbedUntil = MonotonicInstant(nanoseconds: 0)
    }

    /// The agent begins with what is durable.
    mutating func agentStarted(_ restored: RestoredCharger) {
        intent = restored.intent
        inFlight = restored.openAction
        hasSchedule = restored.schedule != nil
        ended = []
    }

    mutating func noteWish(at now: MonotonicInstant) {
        if wantsCharge { chargeWantedAt = now }
    }

    /// - Returns: Whether it may end: once in the life of a process, and after it was accepted.
    mutating func ended(_ action: Action, at now: MonotonicInstant) -> Bool {
        noteWish(at: now)
        guard !ended.contains(action.id) else { return false }
        ended.append(action.id)
        if inFlight?.id == action.id { inFlight = nil }
        switch (action.state, action.command) {
        case (.completed, .charge): intent = .charge
        case (.completed, .idle): intent = .idle
        case (.failed, .idle) where action.sandbox?.failure == nil: intent = nil
        default: break
        }
        return true
    }

    var wantsCharge: Bool {
        if hasSchedule { return true }
        if let inFlight, inFlight.sandbox?.failure == nil { return inFlight.command == .charge }
        return intent == .charge
    }
}
