import ChargeModel
import DeviceProfiles
import Modbus

/// Decides, for one wallbox, which Modbus transaction comes next and what its answer means. Pure: it
/// is asked ``next(at:)`` when the wire is free and told the result with ``completed(_:at:)``.
///
/// ```
/// contact        event                         next contact    what it does
/// lost           link opened                   identifying     reads everything once, writes nothing
/// identifying    first poll, identity fits     established     reconciles, arms, beats
/// identifying    first poll, identity differs  foreign         reads only, warns
/// established    restart or swap seen          identifying     forgets what was believed
/// any            link lost                     lost            forgets what was believed
/// ```
/// It queues nothing: what is due is computed when the wire is free, so nothing stale can wait.
/// Order: reductions; the steps of a running command; heartbeats; increases; failsafe; reads.
package struct DriverEngine: Codable, Sendable {
    let facts: ProfileFacts
    package let configuration: DriverConfiguration
    package internal(set) var snapshot: ChargerSnapshot

    let gate: SetpointGate
    var reconciler: SetpointReconciler
    var failsafe: FailsafeKeeper
    var heartbeat: HeartbeatKeeper
    var cycle: PollCycle
    var contact: Contact = .lost
    var running: RunningSteps?
    /// The rest of steps that were broken off and must not be left so.
    var interrupted: RunningSteps?
    /// Whether the wallbox has been told what it has to know after every contact.
    var isPrepared = false
    /// Why it did not take that.
    var preparationProblem: String?
    var ending: Ending = .none
    var livePhases: LivePhases
    var vehicleWatch: VehicleWatch
    var wakeUp = WakeUp()
    var wear: Wear
    var phaseSwitcher = PhaseSwitcher()
    /// The phases that are switched through, as far as that is shown; nil where nobody knows, and
    /// where the agent does not switch.
    var switchedPhases: Int?
    /// Effects of what was settled between two transactions.
    var told: [DriverEffect] = []
    private(set) var target: ChargerTarget?
    var values: RegisterValues
    var readAt: [TimePoint?]
    var energySources = EnergySources()
    private(set) var outstanding: Outstanding?
    /// The least time between two requests has passed.
    private var quietUntil: MonotonicInstant
    private var retries = 0
    /// The goal that the reconciler was told last.
    private(set) var followed: SetpointReconciler.Goal?
    /// What told this device, and this run of it, from others when it was last read.
    var mark = DeviceMark()

    enum Contact: Hashable, Codable, Sendable {
        case lost
        case identifying
        case established
        /// Something answers that is not what the profile describes.
        case foreign(reason: String)
    }

    /// How far the end of the agent has come.
    enum Ending: Hashable, Codable, Sendable {
        case none, due, done
    }

    /// What the answer that is being waited for belongs to.
    enum Outstanding: Hashable, Codable, Sendable {
        case read(block: Int)
        case step(ModbusRequest)
        /// The read of a register that is to be modified.
        case stepRead(ModbusRequest)
        case heartbeat(Heartbeat.Kind, ModbusRequest)
        case failsafe(FailsafeKeeper.Write, ModbusRequest)
    }

    package init(profile: DeviceProfile, configuration: DriverConfiguration, at now: TimePoint) {
        let facts = ProfileFacts(profile)
        self.facts = facts
        self.configuration = configuration
        snapshot = ChargerSnapshot(phases: min(configuration.phases, profile.electrical.phases))
        gate = SetpointGate(
            control: profile.control, installationMaximum: configuration.installationMaximum)
        reconciler = SetpointReconciler(control: profile.control, timing: configuration.timing)
        vehicleWatch = VehicleWatch(minimum: profile.control.minimum)
        wear = Wear(profile)
        livePhases = LivePhases(
            most: min(configuration.phases, profile.electrical.phases),
            stated: configuration.vehiclePhases, settle: configuration.timing.phaseSettle)
        failsafe = FailsafeKeeper(
            facts, safeCurrent: configuration.safeCurrent, phases: livePhases.assumed,
            attemptsAllowed: configuration.timing.failsafeAttempts)
        heartbeat = HeartbeatKeeper(profile.heartbeat)
        cycle = PollCycle(
            profile,
            period: Self.effectivePoll(profile: profile, configured: configuration.poll),
            at: now.monotonic)
        values = RegisterValues(profile)
        readAt = Array(repeating: nil, count: profile.registers.count)
        quietUntil = now.monotonic
    }

    package var profile: DeviceProfile { facts.profile }

    /// The poll period in force: what is configured, the profile's minimum if that is longer, and
    /// never so long that reading would miss a heartbeat.
    package static func effectivePoll(profile: DeviceProfile, configured: Duration) -> Duration {
        let wanted = max(configured, profile.link.minimumPoll)
        guard profile.heartbeat.kinds.contains(.anyRead) else { return wanted }
        return min(wanted, HeartbeatKeeper(profile.heartbeat).period)
    }

    // MARK: - What is asked of it

    /// A new target, or the same with a renewed lease; nil: write nothing that moves current.
    package mutating func targetChanged(
        _ target: ChargerTarget?, at now: TimePoint
    ) -> [DriverEffect] {
        let isNew = target?.revision != self.target?.revision
        self.target = target
        followGoal(at: now)
        guard isNew else { return [] }
        reconciler.askedAgain()
        // Even where nothing has to be written, the answer has to be a reading from now on.
        cycle.startNow(at: now.monotonic)
        return published(at: now)
    }

    /// Notices that the goal has changed, for whatever reason: a new target, the end of its lease,
    /// another maximum of the hardware.
    mutating func followGoal(at now: TimePoint) {
        let goal = goal(at: now.monotonic)
        guard goal != followed else { return }
        followed = goal
        if running?.purpose.isOfGoal == true { running = nil }
        reconciler.goalChanged()
    }

    /// Polls as soon as the wire is free.
    package mutating func pollRequested(at now: TimePoint) {
        cycle.startNow(at: now.monotonic)
    }

    // MARK: - The link

    package mutating func linkOpened(at now: TimePoint) {
        contact = .identifying
        quietUntil = now.monotonic.advanced(
            by: max(profile.link.requestGap, profile.link.delayAfterConnect))
    }

    /// The link is closed, or could not be opened.
    package mutating func linkLost(reason: String, at now: TimePoint) -> [DriverEffect] {
        forgetContact(isAnotherDevice: false, at: now)
        contact = .lost
        outstanding = nil
        let down = LinkState.down(reason: reason)
        guard snapshot.link != down else { return [] }
        snapshot.link = down
        return published(at: now)
    }

    mutating func forgetContact(isAnotherDevice: Bool, at now: TimePoint) {
        phaseSwitcher.contactLost(at: now.monotonic)
        dropSteps(at: now)
        isPrepared = false
        livePhases.contactLost()
        vehicleWatch.contactLost()
        // What has counted there was of another device.
        if case .foreign = contact { energySources = EnergySources() }
        reconciler.contactLost(at: now.monotonic)
        failsafe.contactLost()
        heartbeat.contactLost()
        cycle.restart(isAnotherDevice: isAnotherDevice, at: now.monotonic)
    }

    // MARK: - Transactions

    /// How pressing the next transaction is; nil when none is due.
    package func urgency(at now: TimePoint) -> Urgency? {
        guard isFree(at: now.monotonic) else { return nil }
        return plan(at: now)?.urgency
    }

    /// The next transaction; its result must be told with ``completed(_:at:)`` before the next call.
    package mutating func next(at now: TimePoint) -> DriverRequest? {
        settle(at: now)
        return nextSettled(at: now)
    }

    /// The same when it has been settled at this moment.
    mutating func nextSettled(at now: TimePoint) -> DriverRequest? {
        for round in 0..<3 {
            // Steps may begin with a wait: then something else is planned.
            if round > 0 { settle(at: now) }
            guard isFree(at: now.monotonic), let step = plan(at: now) else { return nil }
            guard let taken = take(step, at: now) else { continue }
            outstanding = taken
            return DriverRequest(
                request: request(of: taken), timeout: profile.link.responseTimeout)
        }
        return nil
    }

    private func isFree(at now: MonotonicInstant) -> Bool {
        contact != .lost && outstanding == nil && now >= quietUntil
    }

    private func request(of outstanding: Outstanding) -> ModbusRequest {
        switch outstanding {
        case .read(let index):
            let block = profile.readPlan[index]
            return ModbusRequest(
                unit: block.unit.resolved(charger: configuration.unit), operation: block.operation)
        case .step(let request), .stepRead(let request), .heartbeat(_, let request),
            .failsafe(_, let request):
            return request
        }
    }

    /// When ``next(at:)`` may have something that it has not now.
    ///
    /// It changes nothing, and is `mutating` so that no copy of all this, of 2.7 KB, is made to call it.
    package mutating func wake(at now: TimePoint) -> MonotonicInstant {
        var next: MonotonicInstant?
        func consider(_ time: MonotonicInstant?) {
            guard let time, time > now.monotonic else { return }
            next = next.map { min($0, time) } ?? time
        }
        consider(quietUntil)
        consider(cycle.nextStart)
        consider(heartbeat.wake(at: now.monotonic))
        consider(reconciler.beatHold)
        consider(target?.validUntil)
        consider(running?.wake)
        consider(nextWakeUp(at: now.monotonic))
        consider(phaseSwitcher.wake)
        consider(nextLook)
        if let goal = goal(at: now.monotonic) { consider(heldUntil(goal, at: now.monotonic)) }
        return next ?? cycle.nextStart
    }

    /// The result of the transaction that ``next(at:)`` gave.
    package mutating func completed(
        _ result: Result<ModbusResponse, ModbusError>, at now: TimePoint
    ) -> [DriverEffect] {
        var effects = answered(result, at: now)
        settle(at: now)
        if !told.isEmpty {
            effects += told + (effects.contains(where: \.isSnapshot) ? [] : published(at: now))
            told = []
        }
        return effects
    }

    private mutating func answered(
        _ result: Result<ModbusResponse, ModbusError>, at now: TimePoint
    ) -> [DriverEffect] {
        guard let outstanding else { return [] }
        self.outstanding = nil
        quietUntil = now.monotonic.advanced(by: profile.link.requestGap)
        followGoal(at: now)
        let isRead = if case .read = outstanding { true } else { false }
        switch result {
        case .success(let response):
            if !isRead { cycle.otherwiseAnswered() }
            heartbeat.answered(isWrite: response == .written)
            retries = 0
            let isBack = snapshot.link != .up
            snapshot.link = .up
            let effects = succeeded(outstanding, response, at: now)
            return isBack && effects.isEmpty ? published(at: now) : effects
        case .failure(.exception(let exception)):
            if !isRead { cycle.otherwiseAnswered() }
            return refused(outstanding, exception, at: now)
        case .failure:
            if case .read(let index) = outstanding { cycle.silent(index) }
            // The line closes the link and tells with linkLost.
            return []
        }
    }

    private mutating func succeeded(
        _ outstanding: Outstanding, _ response: ModbusResponse, at now: TimePoint
    ) -> [DriverEffect] {
        switch (outstanding, response) {
        case (.read(let index), .registers(let words)):
            facts.decode(words, ofBlock: index, into: &values)
            return blockRead(index, at: now)
        case (.read(let index), .bits(let bits)):
            // A coil is a register of one bit.
            facts.decode(bits.map { $0 ? 1 : 0 }, ofBlock: index, into: &values)
            return blockRead(index, at: now)
        case (.step(let request), .written):
            stepConfirmed(request, at: now)
            return []
        case (.stepRead, .registers(let words)):
            stepRead(words, at: now)
            return []
        case (.heartbeat(let kind, let request), .written):
            beaten(kind, at: now)
            return [wrote("heartbeat", request)]
        case (.failsafe(let write, let request), .written):
            reconciler.beatEnded(at: now.monotonic)
            failsafe.confirmed(write)
            wear.wrote(write.register, at: now.monotonic)
            // Verified by what the wallbox shows from now on.
            cycle.force(failsafe.readBack)
            if !write.isCurrent { beaten(.rewriteFailsafeTimeout, at: now) }
            let name = write.isCurrent ? "failsafe current" : "failsafe timeout"
            return [wrote("\(name) \(write.value)", request)]
        case (_, .registers), (_, .bits), (_, .written):
            preconditionFailure("\(response) answers \(outstanding)")
        }
    }

    private mutating func refused(
        _ outstanding: Outstanding, _ exception: ModbusException, at now: TimePoint
    ) -> [DriverEffect] {
        // The device answers, whatever it says.
        snapshot.link = .up
        if exception.handling == .inProgress, request(of: outstanding).operation.isWrite {
            // Taken, and still at work: what comes of it is seen by polling (requirement R25).
            retries = 0
            return succeeded(outstanding, .written, at: now)
        }
        if exception.handling != .permanent, retries < configuration.timing.transientRetries {
            retries += 1
            return []
        }
        retries = 0
        switch outstanding {
        case .read(let index):
            heartbeat.readRefused()
            // A gateway says for its wallbox that it is silent.
            if exception == .gatewayTargetFailedToRespond { cycle.silent(index) }
            for entry in profile.readPlan[index].entries {
                values[entry.register, entry.element] = .unavailable(.refused)
            }
            return blockRead(index, refusal: exception, at: now)
        case .step(let request), .stepRead(let request):
            guard let running else { return [] }
            abandon(running, refused: request, reason: exception.description, at: now)
            return []
        case .heartbeat(let kind, let request):
            reconciler.beatEnded(at: now.monotonic)
            heartbeat.refused(kind, at: now.monotonic)
            return [wrote("heartbeat", request, refusal: exception.description)]
        case .failsafe(let write, let request):
            reconciler.beatEnded(at: now.monotonic)
            failsafe.refused(
                write, isPermanent: exception.handling == .permanent, at: now.monotonic)
            return [wrote("failsafe", request, refusal: exception.description)]
                + published(at: now)
        }
    }

    /// Publishes the snapshot with what stands now.
    mutating func published(at now: TimePoint) -> [DriverEffect] {
        snapshot.application = application(at: now)
        snapshot.conditions = conditions(at: now)
        return [.snapshot(snapshot)]
    }
}
