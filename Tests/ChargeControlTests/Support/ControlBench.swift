import AgentTestSupport
import ChargeControl
import ChargeModel

/// A control engine with a driver that obeys when told to and a store that commits when told to.
struct ControlBench {
    var engine: ControlEngine
    var now: TimePoint
    /// Everything that was ordered, in order.
    var effects: [ControlEffect] = []
    var target: ChargerTarget?
    var snapshot: ChargerSnapshot
    /// Commits that are ordered and have not ended.
    var open: [(change: StoreChange, commit: CommitID)] = []
    /// What is drawn for the next starts.
    var drawn: [Duration] = []
    private var next: UInt64 = 0

    static let charger = ChargerID("device_ev_001")
    static let start = TimePoint(
        monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000),
        wall: WallInstant(milliseconds: 1_780_000_000_000))

    init(
        restored: RestoredCharger? = nil, phases: Int = 1,
        profileMaximum: Milliamperes = .amperes(32),
        installation: Milliamperes = .amperes(16), safe: Milliamperes = .amperes(6),
        rated: Watts? = nil, isSimulated: Bool = true, idleEndsAtUnplug: Bool = false,
        startDelay: Duration = .zero, group: String? = nil, boot: String = "boot-1",
        switchesPhases: Bool = false,
        at start: TimePoint = Self.start
    ) {
        let description = ChargerDescription(
            id: Self.charger, vendor: "evse-agent", model: "Reference", user: nil,
            isSimulated: isSimulated, profile: "reference-7kw", phases: phases,
            effectivePoll: .seconds(1))
        now = start
        var configuration = ControlConfiguration(
            description: description, installationMaximum: installation, safeCurrent: safe,
            minimum: .amperes(6), profileMaximum: profileMaximum, step: Milliamperes(100),
            ratedPower: rated, idleEndsAtUnplug: idleEndsAtUnplug,
            startDelay: startDelay, group: group,
            boot: boot)
        configuration.switchesPhases = switchesPhases
        engine = ControlEngine(
            configuration: configuration,
            restored: restored ?? RestoredCharger(charger: Self.charger),
            zones: TestZoneDirectory(), at: now)
        snapshot = ChargerSnapshot(phases: phases)
    }

    // MARK: - What happens

    /// Carries effects out as the runtime does: in order; a commit ends before what follows it.
    mutating func take(_ new: [ControlEffect], commits: Bool = true) {
        for effect in new {
            effects.append(effect)
            switch effect {
            case .setTarget(let target): self.target = target
            case .persist(let change, let commit):
                if commits {
                    take(engine.persisted(commit, at: now))
                } else {
                    open.append((change, commit))
                }
            case .drawDelay(_, let slot):
                let delay = drawn.isEmpty ? .zero : drawn.removeFirst()
                take(engine.delayDrawn(delay, slot: slot, at: now), commits: commits)
            default: break
            }
        }
    }

    mutating func wait(_ duration: Duration) {
        now = now.advanced(by: duration)
    }

    mutating func tick(commits: Bool = true) {
        take(engine.tick(at: now), commits: commits)
    }

    @discardableResult
    mutating func push(
        _ command: ChargeCommand, _ timing: ActionTiming? = nil,
        onConflict: ConflictStrategy? = nil, sandbox: SandboxOutcome? = nil, commits: Bool = true
    ) -> [ControlEffect] {
        next += 1
        let before = effects.count
        let request = ActionRequest(
            charger: Self.charger, command: command, timing: timing, onConflict: onConflict,
            sandbox: sandbox)
        let isDelayed = engine.longestDelay(of: request) > .zero
        take(
            engine.requested(
                request, id: Action.ID("action_\(next)"),
                startDelay: isDelayed && !drawn.isEmpty ? drawn.removeFirst() : nil,
                as: RequestID(rawValue: next), at: now), commits: commits)
        return Array(effects[before...])
    }

    mutating func cancel(_ id: String, commits: Bool = true) {
        next += 1
        take(
            engine.cancelRequested(Action.ID(id), as: RequestID(rawValue: next), at: now),
            commits: commits)
    }

    mutating func schedule(_ schedule: RecurringSchedule?, commits: Bool = true) {
        next += 1
        take(
            engine.scheduleRequested(schedule, as: RequestID(rawValue: next), at: now),
            commits: commits)
    }

    mutating func settings(_ rate: Watts, commits: Bool = true) {
        next += 1
        take(
            engine.settingsRequested(
                SettingsRequest(charger: Self.charger, maxChargeRate: rate),
                as: RequestID(rawValue: next), at: now), commits: commits)
    }

    mutating func failCommits(with error: StoreError) {
        let failing = open
        open = []
        for (_, commit) in failing {
            take(engine.persistFailed(commit, error: error, at: now), commits: false)
        }
    }

    mutating func endCommits() {
        let ending = open
        open = []
        for (_, commit) in ending { take(engine.persisted(commit, at: now)) }
    }

    /// A poll: what the wallbox shows now, with the application of the target.
    mutating func poll(
        _ pilot: PilotState? = nil, setpoint: Milliamperes? = nil,
        application: TargetApplication? = nil, commits: Bool = true,
        change: (inout ChargerSnapshot, TimePoint) -> Void = { _, _ in }
    ) {
        snapshot.link = .up
        snapshot.lastPoll = now
        if let pilot { snapshot.pilot = .captured(pilot, at: now) }
        if let setpoint { snapshot.setpoint = .captured(setpoint, at: now) }
        if let application { snapshot.application = application }
        change(&snapshot, now)
        take(engine.snapshotTaken(snapshot, at: now), commits: commits)
    }

    /// The driver has written the target, and a poll shows it in force.
    mutating func obey(_ pilot: PilotState? = nil, offered: Milliamperes? = nil) {
        guard let target else { return }
        wait(.milliseconds(100))
        poll(
            pilot, setpoint: offered ?? target.limit,
            application: .verified(
                revision: target.revision, offered: offered ?? target.limit, at: now))
    }

    mutating func lose() {
        snapshot.link = .down(reason: "cut")
        if let target { snapshot.application = .pending(revision: target.revision) }
        take(engine.snapshotTaken(snapshot, at: now))
    }

    // MARK: - What was seen

    /// The ends of actions that were announced, in order.
    var ends: [Action] {
        effects.compactMap { effect in
            guard case .announce(.action(let action)) = effect, action.state.isTerminal else {
                return nil
            }
            return action
        }
    }

    var refusals: [RequestRefusal] {
        effects.compactMap { if case .refuse(_, let refusal) = $0 { refusal } else { nil } }
    }

    var accepted: [Action] {
        effects.compactMap { if case .accept(_, .action(let action)) = $0 { action } else { nil } }
    }

    var persisted: [StoreChange] {
        effects.compactMap { if case .persist(let change, _) = $0 { change } else { nil } }
    }

    var durableIntent: ChargeIntent?? { persisted.compactMap(\.intent).last?.intent }
}

extension Action {
    var failureCode: ActionErrorCode? {
        if case .failed(let failure) = state { failure.code } else { nil }
    }
}
