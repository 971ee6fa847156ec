import ChargeModel

/// Decides what one charger is to do, and what becomes of the actions pushed to it. Pure: it is told
/// what happened and answers with effects.
///
/// ```
/// event                          what it does
/// tick                           renews the lease of the target, checks deadlines, starts what is
///                                due, ends windows, follows the recurring schedule
/// snapshotTaken                  adopts what was found at first contact; follows the action in flight
/// requested                      refuses, or orders the commit of the action
/// persisted                      the action begins to count; the client is answered
/// persistFailed                  as if the action had never come; the client is answered
/// cancelRequested                orders the commit of the cancellation
/// settingsRequested              orders the commit of the settings
/// scheduleRequested              orders the commit of the recurring schedule
/// ```
///
/// What is wanted is the ``Wish``: of the action in flight, else the durable intent as long as it
/// goes before the recurring schedule, else the schedule, else what was adopted. Everything that
/// limits is a ``Claim``; ``ClaimMerge`` makes the decision. Source: the
/// API contract, section "Actions"; requirements R1, R2, R4, R8, R12, R16.
package struct ControlEngine: Codable, Sendable {
    package let configuration: ControlConfiguration
    private let zoneSource: ZoneSource
    package private(set) var snapshot: ChargerSnapshot
    package private(set) var decision: Decision
    package internal(set) var lastAction: Action?

    var book: ActionBook
    /// What holds without an action: durable, or adopted since start.
    var intent: ChargeIntent?
    /// What stood for a setpoint that could not be read when it was adopted; nil where it was read.
    var adoptedUnread: UnreadSetpoint?
    /// Until when the intent goes before the schedule; nil until that can be told.
    var intentUntil: WallDue?
    /// The window that the intent belongs to.
    var window: OpenWindow?
    /// The recurring schedule.
    var plan: SchedulePlan?
    var slotDelay: SlotDelay?
    /// Why what is durable cannot be followed; nil when it can.
    var unreadable: String?
    var wish = Wish.undecided
    var maxChargeRate: Watts?
    /// Its share of a fuse; nil without a group, and until the group gives one.
    var share: GroupShare?
    var pending: [PendingChange] = []
    /// What happened and is not durable yet; repeated with the next tick.
    var unsaved = UnsavedChanges()
    var nextCommit: UInt64 = 1

    /// What the claims came to when they changed last.
    var merge: Merge
    /// The claim of the cap as it was last put into words.
    var capClaim: CapClaim?

    private(set) var phases: PhaseCounter
    private var target: ChargerTarget?
    private var revision: UInt64 = 0
    /// An action was accepted: what became of the same target before says nothing of it.
    var isAskedAgain = false
    /// Somebody has asked for a start that is not in force yet, perhaps since a cap or the others on a
    /// fuse hold it at 0 A.
    var isStartAwaited = false
    /// Readings before this do not count as found: a failed `idle` may have been applied after them.
    var adoptAfter: MonotonicInstant
    /// After a failed `idle` what is found counts, up to this, and goes before the schedule; nil
    /// otherwise.
    var foundAtMost: Milliamperes?
    /// Whether energy has flowed since the vehicle was plugged in.
    private var hasCharged = false
    private var wasConnected = false
    private var announced: Announced?
    private var conditions: [ChargerCondition] = []

    /// A change that waits for its commit.
    struct PendingChange: Hashable, Codable, Sendable {
        var commit: CommitID
        var request: RequestID
        var change: Change

        enum Change: Hashable, Codable, Sendable {
            case maxChargeRate(Watts)
            /// nil removes it.
            case schedule(RecurringSchedule?)
        }
    }

    /// The rest of a window whose charge has been verified.
    struct OpenWindow: Hashable, Codable, Sendable {
        var action: Action
        var end: WallDue
    }

    /// What the event stream was told last, to tell only changes.
    private struct Announced: Hashable, Codable, Sendable {
        var status: ChargerStatus
        var isConnected: Bool?
        var isCharging: Bool?
        /// In steps of 100 W: a meter's noise is no news.
        var power: Int?
        var limit: Milliamperes?
        var maxCurrent: Milliamperes
        var currentSchedule: CurrentSchedule?
    }

    package init(
        configuration: ControlConfiguration, restored: RestoredCharger,
        zones: any ZoneDirectory, at now: TimePoint
    ) {
        self.configuration = configuration
        zoneSource = ZoneSource(zones)
        snapshot = ChargerSnapshot(phases: configuration.description.phases)
        decision = Decision(
            claims: [], winner: nil, limit: nil, reason: "the wallbox has not answered yet")
        merge = Merge(claims: [], decision: decision)
        book = ActionBook(startsPerHour: configuration.timing.startsPerHour)
        phases = PhaseCounter(
            installed: configuration.description.phases, fall: configuration.timing.phaseFall)
        adoptAfter = now.monotonic
        maxChargeRate = restored.maxChargeRate
        lastAction = restored.lastAction
        restoreDeferred(restored, at: now)
        resume(restored.openAction, at: now)
    }

    // MARK: - Events

    /// Time has passed.
    package mutating func tick(at now: TimePoint) -> [ControlEffect] {
        var effects = repeatUnsaved()
        effects += startWhenDue(at: now)
        effects += endWindowWhenDue(at: now)
        effects += followAction(at: now)
        effects += decide(at: now)
        effects += announceState(at: now)
        return effects
    }

    /// The driver has finished a poll, or its link or application changed.
    package mutating func snapshotTaken(
        _ snapshot: ChargerSnapshot, at now: TimePoint
    ) -> [ControlEffect] {
        self.snapshot = snapshot
        phases.measured(flowingCurrents, available: availablePhases, at: now.monotonic)
        let isUnplugged = rememberCharging()
        let adopted = adoptWhatWasFound(at: now)
        var effects = announceConditions()
        if isUnplugged { effects += endIdleAtUnplug(at: now) }
        effects += followAction(at: now)
        effects += decide(at: now)
        effects += announceState(at: now)
        return effects + adopted
    }

    // MARK: - The decision

    /// Merges all claims and gives the driver its target: a changed one as a new revision, the same
    /// one with a renewed lease.
    mutating func decide(at now: TimePoint) -> [ControlEffect] {
        let changes = followSchedule(at: now) + delaySlot()
        wish = currentWish(at: now)
        capClaim = maxChargeRate.map { wordedCap($0) }
        let before = decision
        decision = merged(at: now)
        var effects = renewTarget(at: now)
        if decision != before { effects.append(.announce(.decision(decision))) }
        // The wire does not wait for the disk.
        return effects + changes
    }

    mutating func renewTarget(at now: TimePoint) -> [ControlEffect] {
        guard let limit = decision.limit else {
            defer { target = nil }
            return target == nil ? [] : [.setTarget(nil)]
        }
        let isShareAwaited = isShareAwaited
        let allowsIncrease = wish.allowsIncrease && !isShareAwaited
        let phaseWish = configuration.switchesPhases ? phaseWish : nil
        let isNew =
            target?.limit != limit || target?.allowsIncrease != allowsIncrease
            || target?.phases != phaseWish
        // What was asked for anew is answered by a reading from then on, whatever was read before.
        if isNew || isAskedAgain { revision += 1 }
        isAskedAgain = false
        noteAwaitedStart(limit)
        let renewed = ChargerTarget(
            limit: limit, allowsIncrease: allowsIncrease,
            validUntil: now.monotonic.advanced(by: configuration.timing.lease),
            revision: revision, isRequested: book.hasInFlight || isStartAwaited,
            phases: phaseWish)
        target = renewed
        return [.setTarget(renewed)]
    }

    /// Once it was carried out it has come, however long it lasts.
    private mutating func noteAwaitedStart(_ limit: Milliamperes) {
        if book.wanted == .charge { isStartAwaited = true }
        if !wish.isToCharge || (limit > .zero && hasReachedWire) { isStartAwaited = false }
    }

    var currentRevision: UInt64 { revision }

    var zones: any ZoneDirectory { zoneSource.directory }

    // MARK: - What flows

    private var flowingCurrents: [Milliamperes] {
        guard snapshot.pilot.value?.isDrawing == true else { return [] }
        return snapshot.currents.compactMap(\.value)
    }

    /// - Returns: Whether the vehicle has just been unplugged.
    private mutating func rememberCharging() -> Bool {
        defer { wasConnected = snapshot.pilot.value?.isVehicleConnected ?? wasConnected }
        switch snapshot.pilot.value {
        case .a: hasCharged = false
        case .c2, .d2: hasCharged = hasCharged || isCharging == true
        default: break
        }
        return wasConnected && snapshot.pilot.value?.isVehicleConnected == false
    }

    // MARK: - Telling others

    private mutating func announceConditions() -> [ControlEffect] {
        guard snapshot.conditions != conditions else { return [] }
        let gone = conditions.filter { !snapshot.conditions.contains($0) }
        let come = snapshot.conditions.filter { !conditions.contains($0) }
        conditions = snapshot.conditions
        return gone.map { .announce(.fault($0, isActive: false)) }
            + come.map { .announce(.fault($0, isActive: true)) }
    }

    private mutating func announceState(at now: TimePoint) -> [ControlEffect] {
        let freshness = Freshness(
            lastPoll: snapshot.lastPoll?.monotonic, now: now.monotonic,
            poll: configuration.description.effectivePoll)
        let state = Announced(
            status: freshness == .fallback ? .unavailable : status,
            isConnected: snapshot.pilot.value?.isVehicleConnected, isCharging: isCharging,
            power: measuredPower.value.map { ($0.rawValue + 50) / 100 }, limit: decision.limit,
            maxCurrent: maxCurrent, currentSchedule: currentSchedule)
        guard state != announced else { return [] }
        announced = state
        return [.announce(.state(view))]
    }

    /// The charger as readers see it.
    package var view: ChargerView {
        let power = measuredPower
        return ChargerView(
            description: configuration.description, snapshot: snapshot, status: status,
            isCharging: isCharging, power: power.value, isPowerEstimated: power.isEstimated,
            maxCurrent: maxCurrent,
            powerRateLimit: min(uncappedPower, maxChargeRate ?? uncappedPower),
            maxChargeRate: maxChargeRate, uncappedPower: uncappedPower, decision: decision,
            lastAction: lastAction, currentSchedule: currentSchedule, schedule: plan?.schedule)
    }

    private var uncappedPower: Watts {
        let product = Watts(maxCurrent, phases: configuration.description.phases)
        guard let rated = configuration.ratedPower else { return product }
        return maxCurrent == configuration.profileMaximum ? rated : min(product, rated)
    }

    private var isCharging: Bool? {
        guard let pilot = snapshot.pilot.value else { return nil }
        guard let power = measuredPower.value else { return pilot.isDrawing }
        return power > .zero
    }

    /// What flows, whatever the pilot says: after a stop a vehicle draws for seconds yet, and through
    /// a welded contactor for ever. What a meter shows in a state without charging, up to 1 A of one
    /// phase, is its noise (requirement R10 has the same figure).
    private var measuredPower: (value: Watts?, isEstimated: Bool) {
        guard let pilot = snapshot.pilot.value else { return (nil, false) }
        let metered = meteredPower
        if pilot.isDrawing { return metered }
        guard pilot != .a, let power = metered.value, power > Watts(230) else {
            return (.zero, false)
        }
        return metered
    }

    private var meteredPower: (value: Watts?, isEstimated: Bool) {
        if let power = snapshot.power.value { return (power, false) }
        var estimate = 0
        for (phase, current) in snapshot.currents.enumerated() {
            guard let current = current.value else { return (nil, false) }
            let voltage = snapshot.voltages[phase].value ?? .nominal
            estimate += current.rawValue * voltage.rawValue / 1_000_000
        }
        return (Watts(estimate), true)
    }

    private var status: ChargerStatus {
        guard let pilot = snapshot.pilot.value else { return .unavailable }
        if snapshot.conditions.contains(where: \.holdsAtSafeCurrent) { return .faulted }
        let isHeld = decision.limit == .zero
        switch pilot {
        case .e: return .faulted
        case .f: return .unavailable
        case .a: return .available
        case _ where isCharging == true:
            return isHeld ? .finishing : .charging
        case .c2, .d2:
            return isHeld ? .finishing : (hasCharged ? .suspendedEV : .preparing)
        case .b2:
            return isHeld ? .suspendedEVSE : (hasCharged ? .suspendedEV : .preparing)
        case .b1, .c1, .d1:
            return isHeld ? .suspendedEVSE : .preparing
        }
    }
}
