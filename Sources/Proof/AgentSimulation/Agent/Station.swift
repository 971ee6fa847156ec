import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel

/// One wallbox with its wire, and the agent's engines for it while the agent runs.
///
/// Of one simulation alone. A class, so that looking at a part does not copy the whole.
final class Station {
    let id: ChargerID
    let profile: DeviceProfile
    /// How the agent is configured, and what it is judged by.
    var control: ControlConfiguration
    var driver: DriverConfiguration
    /// The registers that tell it how much, or to pause.
    private let controlling: [RegisterID]
    /// The writes that tell it to pause, and nothing else.
    private let stopping: [CommandStep]
    /// Whether a stop is nothing but a setpoint of 0 that is read where it is written.
    private let isPausedBySetpoint: Bool
    var box: SimulatedWallbox
    var wire = SimulatedWire()
    var agent: AgentSide?
    var witness = Witness()
    /// What was in force as the agent started, as far as that can be told.
    var limitAtStart = Milliamperes.zero
    /// What was decided before the last crash.
    var remembered: Simulation.Remembered?
    /// Whether another device answers in place of ``box``'s own.
    var isImpostor = false
    /// Whether the link was opened to that device: then it is known to be another.
    var isImpostorMet = false

    init(_ plan: StationPlan, at now: MonotonicInstant) {
        id = ChargerID(plan.name)
        profile = plan.profile
        let commands = plan.profile.control
        controlling = (commands.charge + commands.limit + commands.idle).flatMap(\.written)
        stopping = commands.idle.filter { step in
            if case .write(_, .raw) = step { !commands.charge.contains(step) } else { false }
        }
        isPausedBySetpoint =
            commands.readBack == commands.setpoint
            && commands.idle == [.write(commands.setpoint, .raw(0))]
        let phases = plan.profile.electrical.phases
        let description = ChargerDescription(
            id: id, vendor: plan.profile.vendor, model: plan.profile.model, user: nil,
            isSimulated: true, profile: plan.profile.id, phases: phases,
            effectivePoll: DriverEngine.effectivePoll(profile: plan.profile, configured: plan.poll))
        var control = ControlConfiguration(
            description: description, installationMaximum: plan.installationMaximum,
            safeCurrent: plan.safeCurrent, minimum: plan.profile.control.minimum,
            profileMaximum: plan.profile.control.maximum, step: plan.profile.control.step,
            ratedPower: plan.profile.electrical.ratedPower, startDelay: plan.startDelay,
            group: plan.group, boot: "boot")
        control.switchesPhases = plan.switchesPhases
        self.control = control
        var driver = DriverConfiguration(
            unit: plan.profile.link.unit, installationMaximum: plan.installationMaximum,
            safeCurrent: plan.safeCurrent, phases: phases, poll: plan.poll)
        driver.switchesPhases = plan.switchesPhases
        self.driver = driver
        box = SimulatedWallbox(profile: plan.profile, options: plan.options, at: now)
    }

    func reboot(at now: MonotonicInstant) {
        interruptSupply(at: now) { $0.reboot(at: now) }
    }

    /// Another wallbox of the model takes its place.
    func replace(serial: String, at now: MonotonicInstant) {
        interruptSupply(at: now) { $0.replace(serial: serial, at: now) }
    }

    /// A wallbox that restarts knows nothing of its TCP connections; a serial line has none. A stop may be
    /// forgotten where nothing but the setpoint could tell, and it shows the same as before.
    private func interruptSupply(
        at now: MonotonicInstant, _ interrupt: (inout SimulatedWallbox) -> Void
    ) {
        let shown = box.truth.setpoint
        interrupt(&box)
        goesUnseen(from: now.advanced(by: box.options.bootTime))
        if profile.link.serial == nil { wire.isToBeReset = true }
        if !countsOrCloses, !showsWhatItDoes, box.truth.setpoint == shown {
            witness.isMisled = true
        }
    }

    /// Something about it is another than before: the agent learns of it with its next poll.
    func goesUnseen(from instant: MonotonicInstant) {
        let until = instant.advanced(by: control.description.effectivePoll)
        witness.unseenUntil = max(witness.unseenUntil, until)
    }

    /// Whether anything tells that it has restarted, or is another one: the end of its connection,
    /// its uptime, or the setpoint that is in force.
    var canTellRestarts: Bool { countsOrCloses || profile.control.readBack != nil }

    /// Whether a restart shows by the end of its connection, or by its uptime.
    private var countsOrCloses: Bool {
        profile.link.serial == nil || !profile.registers(measuring: .uptime).isEmpty
    }

    /// Whether its registers show what it would do, also without a vehicle.
    var showsWhatItDoes: Bool {
        guard profile.control.readBack != nil else { return false }
        return switch profile.control.enabled {
        case .readBack, .register: true
        case .pilot, .memory: false
        }
    }

    /// Whether any request ends its failsafe, a read as well.
    var wakesWithContact: Bool { profile.heartbeat.kinds.contains(.anyRead) }

    /// Whether it shows its setpoint, and not whether it is on, unless a vehicle is there.
    var showsSetpointAlone: Bool { profile.control.readBack != nil && !showsWhatItDoes }

    /// What a restarted agent may take for being in force.
    var shownLimit: Milliamperes {
        let shown = showsSetpointAlone ? max(box.limit, box.truth.setpoint) : box.limit
        return profile.manners.readsZeroAsMinimum ? max(shown, profile.control.minimum) : shown
    }

    /// Whether a request tells it how much, or to pause.
    func isControl(_ request: ModbusRequest) -> Bool {
        box.accesses(request, answered: .response(.written), at: MonotonicInstant(nanoseconds: 0))
            .contains { $0.register.map(controlling.contains) == true }
    }

    /// Whether a write tells it to pause; nil when it tells it neither that nor how much.
    func isStop(_ register: RegisterID, _ raw: UInt64) -> Bool? {
        guard controlling.contains(register) else { return nil }
        return stopping.contains(.write(register, .raw(raw)))
    }

    /// Whether it may do other than it was told without anything that shows it.
    var isMisled: Bool {
        let isShown = isPausedBySetpoint && box.limit > profile.control.minimum
        return witness.isMisled && !isShown
    }

    /// Puts another device in its place that the profile's identity tells from it.
    ///
    /// - Returns: The wallbox that was there; nil where nothing would tell, or nothing has changed.
    func impersonate(at now: MonotonicInstant) -> SimulatedWallbox? {
        guard !isImpostor, let foreign = profile.foreignWord else { return nil }
        var options = WallboxOptions()
        options.serial = "90000001"
        options.presets = [foreign]
        let before = box
        box = SimulatedWallbox(profile: profile, options: options, at: now)
        isImpostor = true
        isImpostorMet = false
        wire.isToBeReset = true
        return before
    }
}

extension DeviceProfile {
    /// A register whose value tells that a device is another one; nil where none does for sure.
    fileprivate var foreignWord: WallboxOptions.Preset? {
        for rule in identity {
            guard case .equals(let accepted) = rule.match,
                let other = (1...UInt64(accepted.count + 1)).first(where: { !accepted.contains($0) }
                ),
                self[rule.register].gate.isEmpty, !self[rule.register].isOptional
            else { continue }
            return WallboxOptions.Preset(rule.register, .number(other))
        }
        return nil
    }
}

/// What a station is built from.
package struct StationPlan: Hashable, Sendable {
    package var name: String
    package var profile: DeviceProfile
    package var installationMaximum = Milliamperes.amperes(16)
    package var safeCurrent = Milliamperes.amperes(6)
    package var poll = Duration.seconds(1)
    package var startDelay = Duration.zero
    package var switchesPhases = false
    package var options = WallboxOptions()
    /// The name of the fuse that it shares.
    package var group: String?

    package init(name: String, profile: DeviceProfile) {
        self.name = name
        self.profile = profile
        options.serial = "10000\(name.utf8.count)"
    }
}

/// The agent's engines for one charger, and the desk that feeds the control engine: one input after
/// the other, each to its end, commits included. Of one station alone, as long as the agent runs.
final class AgentSide {
    var line: LineEngine
    var control: ControlEngine
    var startedAt: MonotonicInstant
    var target: ChargerTarget?
    /// An order of the line is being carried out.
    var isWireBusy = false
    var wireToken: UInt64 = 0
    var lastOpen: MonotonicInstant?
    /// The limit that is being written.
    var sent: Milliamperes?
    /// The limit that was last written, and confirmed since the link was opened.
    var confirmed: Milliamperes?
    /// Whether what is being written tells it to pause; nil when it tells nothing of that.
    var sendsStop: Bool?
    /// Whether the last thing that it was told, and has confirmed, is to pause.
    private(set) var isStopped = false
    /// The target lies below what the wallbox surely allows, and nothing was written since.
    var isReductionDue = false

    /// Effects that are still to be carried out, the next one first.
    var effects: [ControlEffect] = []
    var committing: StoreChange?
    var commit: CommitID?
    var shownLink: LinkState?
    var requests: [PendingRequest] = []
    var snapshot: ChargerSnapshot?
    var isTickDue = false

    init(line: LineEngine, control: ControlEngine, startedAt: MonotonicInstant) {
        self.line = line
        self.control = control
        self.startedAt = startedAt
    }

    var isCommitting: Bool { if case .some = committing { true } else { false } }

    var isHeldByFault: Bool { control.decision.claims.contains { $0.source == .fault } }

    /// The link was opened or closed: what was confirmed before counts no more.
    func linkChanged() {
        sent = nil
        confirmed = nil
        sendsStop = nil
        isStopped = false
        isReductionDue = false
    }

    func answered(_ result: Result<ModbusResponse, ModbusError>) {
        guard case .success = result else { return linkChanged() }
        if let sent { confirmed = sent }
        if let sendsStop { isStopped = sendsStop }
        sent = nil
        sendsStop = nil
    }

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
