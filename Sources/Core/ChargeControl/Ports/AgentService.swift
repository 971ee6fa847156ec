import ChargeModel

/// The port through which the API asks the agent for something. Reads come from the published view
/// and never wait; writes wait for their commit.
package protocol AgentService: Sendable {
    /// The newest published view.
    var view: AgentView { get }

    /// Both clocks now.
    func now() -> TimePoint

    /// Accepts an action: when this returns, the action is durable and on its way.
    func push(_ request: ActionRequest) async throws(RequestRefusal) -> Action

    /// Changes settings: when this returns, they are durable and in force within one cycle.
    func change(_ request: SettingsRequest) async throws(RequestRefusal)

    /// The action that was accepted before under the same key with the same body; nil where there is
    /// none. A push with a time is answered alike when it is repeated after that time.
    ///
    /// - Throws: ``RequestRefusal/idempotencyKeyReused`` where the body was another one.
    func earlierAction(under key: IdempotencyKey) async throws(RequestRefusal) -> Action?

    /// Puts a recurring schedule in the place of the charger's one: when this returns, it is durable
    /// and the published view shows it.
    func replaceSchedule(
        _ request: ScheduleRequest
    ) async throws(RequestRefusal) -> RecurringSchedule

    /// Removes the recurring schedule: when this returns, that is durable and the published view
    /// shows it. nil where there was none.
    func removeSchedule(
        of charger: ChargerID, idempotency: IdempotencyKey?
    ) async throws(RequestRefusal) -> RecurringSchedule?

    /// Cancels a scheduled action.
    func cancel(_ id: Action.ID, of charger: ChargerID) async throws(RequestRefusal) -> Action

    func action(_ id: Action.ID) async throws(RequestRefusal) -> Action?
    func actions(_ query: ActionQuery) async throws(RequestRefusal) -> ActionPage

    /// Polls a charger now and waits until that is done, at most for `bound`.
    func refresh(_ charger: ChargerID, within bound: Duration) async

    /// The events after the one with this sequence number, as far as they are kept, and all that
    /// follow. nil begins with the next event. The stream ends when its reader is too slow to keep
    /// up with a bounded buffer, or when the agent stops; a client then resumes by number.
    func events(after sequence: UInt64?) -> AsyncStream<AgentEvent>

    func readiness() async -> Readiness
}

/// A push, taken apart and checked for form by the API.
package struct ActionRequest: Hashable, Codable, Sendable {
    package var charger: ChargerID
    package var command: ChargeCommand
    /// nil for an immediate action.
    package var timing: ActionTiming?
    package var onConflict: ConflictStrategy?
    package var sandbox: SandboxOutcome?
    package var idempotency: IdempotencyKey?

    /// What is kept of it outside of the process: nothing of the client's key.
    private enum CodingKeys: CodingKey {
        case charger, command, timing, onConflict, sandbox
    }

    package init(
        charger: ChargerID, command: ChargeCommand, timing: ActionTiming? = nil,
        onConflict: ConflictStrategy? = nil, sandbox: SandboxOutcome? = nil,
        idempotency: IdempotencyKey? = nil
    ) {
        self.charger = charger
        self.command = command
        self.timing = timing
        self.onConflict = onConflict
        self.sandbox = sandbox
        self.idempotency = idempotency
    }

    package var execution: ActionExecution {
        guard let timing else { return .immediate }
        return timing.end == nil ? .scheduled : .windowed
    }
}

/// When a deferred action is to be carried out. The API has resolved zones and durations.
package struct ActionTiming: Hashable, Codable, Sendable {
    /// Not before the request came.
    package var start: WallInstant
    /// The start was given as a duration from now, and holds whatever the wall clock does.
    package var isRelative: Bool
    /// The end of a window, after `start`.
    package var end: WallInstant?

    package init(start: WallInstant, isRelative: Bool = false, end: WallInstant? = nil) {
        self.start = start
        self.isRelative = isRelative
        self.end = end
    }
}

package struct SettingsRequest: Hashable, Codable, Sendable {
    package var charger: ChargerID
    /// 0 to 50 kW.
    package var maxChargeRate: Watts
    package var idempotency: IdempotencyKey?

    /// As for an action.
    private enum CodingKeys: CodingKey {
        case charger, maxChargeRate
    }

    package init(charger: ChargerID, maxChargeRate: Watts, idempotency: IdempotencyKey? = nil) {
        self.charger = charger
        self.maxChargeRate = maxChargeRate
        self.idempotency = idempotency
    }
}

/// A recurring schedule, taken apart and checked for form by the API. Whether it can be kept is for
/// the service to say (``RequestRefusal/invalidSchedule(field:message:)``). Days and slots are in the
/// client's order, so that a refusal finds them in the request.
package struct ScheduleRequest: Hashable, Sendable {
    package var charger: ChargerID
    /// A zone that this machine knows.
    package var timezone: String
    package var recurrence: RecurringSchedule.Recurrence
    package var slots: [ScheduleSlot]
    package var idempotency: IdempotencyKey?

    package init(
        charger: ChargerID, timezone: String, recurrence: RecurringSchedule.Recurrence,
        slots: [ScheduleSlot], idempotency: IdempotencyKey? = nil
    ) {
        self.charger = charger
        self.timezone = timezone
        self.recurrence = recurrence
        self.slots = slots
        self.idempotency = idempotency
    }
}

/// What the API knows of an `Idempotency-Key` header.
package struct IdempotencyKey: Hashable, Sendable {
    /// API key, method and path.
    package var scope: String
    /// The header's value.
    package var key: String
    /// SHA-256 of the body.
    package var bodyHash: [UInt8]

    package init(scope: String, key: String, bodyHash: [UInt8]) {
        self.scope = scope
        self.key = key
        self.bodyHash = bodyHash
    }
}

package enum ConflictStrategy: String, Hashable, Codable, Sendable, CaseIterable {
    case cancelAndReplace = "cancel_and_replace"
}

/// Why a request was not accepted. Nothing of it has any effect.
package enum RequestRefusal: Error, Hashable, Sendable {
    case unknownCharger
    case unknownAction
    case executionNotSupported(requested: ActionExecution, supported: [ActionExecution])
    /// `strategies` is nil when none would help: the other action is in flight.
    case conflict(
        reason: ConflictReason, actions: [Action.ID], strategies: [ConflictStrategy]?)
    case notCancellable(ActionStateName)
    /// `field` is a path in the request, such as `slots[1].time`; `message` goes on from it: "must
    /// be ...".
    case invalidSchedule(field: String, message: String)
    /// Too many starts in an hour.
    case tooManyStarts(retryAfter: Duration)
    case idempotencyKeyReused
    /// The queue of writes is full, or the request was not taken in time.
    case busy(retryAfter: Duration)
    case storeUnavailable(retryAfter: Duration)
    case storeFull
}

package enum ConflictReason: String, Hashable, Sendable {
    case noStrategySupplied = "no_strategy_supplied"
    case actionInFlight = "action_in_flight"
}

/// The state of the parts, for `GET /health/ready`.
package struct Readiness: Hashable, Sendable {
    /// Every wallbox answered lately, the store can be written, the loop runs.
    package var isReady: Bool
    package var buses: [BusReadiness]
    /// nil when the store works; else what is wrong, without internals.
    package var storeProblem: String?
    package var isWallClockTrusted: Bool
    /// Whether nothing is written to any wallbox.
    package var isReadOnly: Bool
    package var loop: LoopStatistics

    package init(
        isReady: Bool, buses: [BusReadiness], storeProblem: String?, isWallClockTrusted: Bool,
        isReadOnly: Bool = false, loop: LoopStatistics
    ) {
        self.isReady = isReady
        self.buses = buses
        self.storeProblem = storeProblem
        self.isWallClockTrusted = isWallClockTrusted
        self.isReadOnly = isReadOnly
        self.loop = loop
    }
}

package struct BusReadiness: Hashable, Sendable {
    /// As configured, such as `tcp://192.168.1.20:502`.
    package var address: String
    package var link: LinkState
    package var chargers: [ChargerID]
    package var transactions: Int
    package var errors: Int

    package init(
        address: String, link: LinkState, chargers: [ChargerID], transactions: Int, errors: Int
    ) {
        self.address = address
        self.link = link
        self.chargers = chargers
        self.transactions = transactions
        self.errors = errors
    }
}

/// The control loop since start. Times come from a histogram with three significant digits.
package struct LoopStatistics: Hashable, Sendable {
    package var period: Duration
    package var cycles: Int
    /// Cycles that were skipped because the one before had not ended.
    package var overruns: Int
    package var lateness: Percentiles
    package var transactions: Int
    package var errors: Int
    /// From the acceptance of a push to its first confirmed write.
    package var actionLatency: Percentiles

    package init(
        period: Duration, cycles: Int, overruns: Int, lateness: Percentiles, transactions: Int,
        errors: Int, actionLatency: Percentiles
    ) {
        self.period = period
        self.cycles = cycles
        self.overruns = overruns
        self.lateness = lateness
        self.transactions = transactions
        self.errors = errors
        self.actionLatency = actionLatency
    }
}

/// Three points of a distribution, in microseconds; all 0 while nothing was counted.
package struct Percentiles: Hashable, Sendable {
    package var count: Int
    package var p50: Int
    package var p99: Int
    package var max: Int

    package init(count: Int = 0, p50: Int = 0, p99: Int = 0, max: Int = 0) {
        self.count = count
        self.p50 = p50
        self.p99 = p99
        self.max = max
    }
}
