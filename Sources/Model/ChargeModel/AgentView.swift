/// All that readers may know, at one moment: published by the runtime, never changed in place, so
/// that a reader waits for nobody.
package struct AgentView: Hashable, Sendable {
    /// In the order of the configuration.
    package var chargers: [ChargerView]
    /// Chargers that share a fuse, in the order of the configuration.
    package var groups: [GroupView]

    package init(chargers: [ChargerView], groups: [GroupView] = []) {
        self.chargers = chargers
        self.groups = groups
    }

    package subscript(id: ChargerID) -> ChargerView? {
        chargers.first { $0.description.id == id }
    }
}

/// One charger as readers see it.
package struct ChargerView: Hashable, Sendable {
    package var description: ChargerDescription
    package var snapshot: ChargerSnapshot
    package var status: ChargerStatus
    /// Whether energy flows; nil until first captured.
    package var isCharging: Bool?
    /// Measured power, or an estimate from current and voltage; nil until first captured.
    package var power: Watts?
    /// Whether ``power`` is an estimate, for want of a meter.
    package var isPowerEstimated: Bool
    /// Hardware, profile and installation together, per phase.
    package var maxCurrent: Milliamperes
    /// The cap in force: min(hardware, installation, `max_charge_rate`).
    package var powerRateLimit: Watts
    /// The client's `max_charge_rate`; nil before any write.
    package var maxChargeRate: Watts?
    /// The power without ``maxChargeRate``: what the setting reads before any write.
    package var uncappedPower: Watts
    package var decision: Decision
    /// The newest action, whatever its state.
    package var lastAction: Action?
    /// The window that is open or coming, else what the recurring schedule does.
    package var currentSchedule: CurrentSchedule?
    package var schedule: RecurringSchedule?
    /// The kinds of execution that work today, by command.
    package var executions: [CommandExecutions]

    package init(
        description: ChargerDescription, snapshot: ChargerSnapshot, status: ChargerStatus,
        isCharging: Bool?, power: Watts?, isPowerEstimated: Bool, maxCurrent: Milliamperes,
        powerRateLimit: Watts, maxChargeRate: Watts?, uncappedPower: Watts, decision: Decision,
        lastAction: Action?, currentSchedule: CurrentSchedule? = nil,
        schedule: RecurringSchedule? = nil,
        executions: [CommandExecutions] = CommandExecutions.supported
    ) {
        self.description = description
        self.snapshot = snapshot
        self.status = status
        self.isCharging = isCharging
        self.power = power
        self.isPowerEstimated = isPowerEstimated
        self.maxCurrent = maxCurrent
        self.powerRateLimit = powerRateLimit
        self.maxChargeRate = maxChargeRate
        self.uncappedPower = uncappedPower
        self.decision = decision
        self.lastAction = lastAction
        self.currentSchedule = currentSchedule
        self.schedule = schedule
        self.executions = executions
    }

    /// How recent this is at a moment, by the API's rule.
    package func freshness(at now: MonotonicInstant) -> Freshness {
        Freshness(
            lastPoll: snapshot.lastPoll?.monotonic, now: now, poll: description.effectivePoll)
    }

    /// The status at a moment: what is not fresh is `unavailable`, whatever was read last.
    package func status(at now: MonotonicInstant) -> ChargerStatus {
        freshness(at: now) == .fallback ? .unavailable : status
    }
}

/// What of a charger does not change while the agent runs.
package struct ChargerDescription: Hashable, Codable, Sendable {
    package var id: ChargerID
    package var vendor: String
    package var model: String
    /// The user of the API who owns it; nil for everybody.
    package var user: String?
    /// Whether it is simulated: seen by sandbox keys, and not by live ones.
    package var isSimulated: Bool
    /// The profile that drives it.
    package var profile: String
    /// Phases of the installation, 1 to 3.
    package var phases: Int
    /// The poll period in force: what is configured, or what the profile allows if longer.
    package var effectivePoll: Duration

    /// What is kept of it outside of the process: all but whose it is.
    private enum CodingKeys: CodingKey {
        case id, vendor, model, isSimulated, profile, phases, effectivePoll
    }

    package init(
        id: ChargerID, vendor: String, model: String, user: String?, isSimulated: Bool,
        profile: String, phases: Int, effectivePoll: Duration
    ) {
        self.id = id
        self.vendor = vendor
        self.model = model
        self.user = user
        self.isSimulated = isSimulated
        self.profile = profile
        self.phases = phases
        self.effectivePoll = effectivePoll
    }
}

/// The API's `state.status`.
package enum ChargerStatus: String, Hashable, Codable, Sendable, CaseIterable {
    /// No vehicle.
    case available
    /// A vehicle is connected and does not draw yet.
    case preparing
    case charging
    /// Allowed, and the vehicle does not draw any more.
    case suspendedEV = "suspended_ev"
    /// The agent holds it idle.
    case suspendedEVSE = "suspended_evse"
    /// A stop is on its way and energy still flows.
    case finishing
    /// Not answering, or out of service.
    case unavailable
    case faulted
}

/// The kinds of execution of one command.
package struct CommandExecutions: Hashable, Sendable {
    package var command: ChargeCommand
    package var executions: [ActionExecution]

    package init(command: ChargeCommand, executions: [ActionExecution]) {
        self.command = command
        self.executions = executions
    }

    /// What this version carries out. A window ends in idle, so `idle` has no windows.
    package static let supported = [
        CommandExecutions(command: .charge, executions: [.immediate, .scheduled, .windowed]),
        CommandExecutions(command: .idle, executions: [.immediate, .scheduled]),
    ]
}
