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
            ratedPower: plan.profile.electrical.ratedPower, startDelay: plan.startDelay,
            group: plan.group, boot: "boot")
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
    var startDelay = Duration.zero
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
