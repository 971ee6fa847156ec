import ChargeModel

/// The port to what outlives the process: actions, intents, settings.
package protocol ActionRepository: Sendable {
    /// Makes a change durable, all of it or nothing of it. When this returns, the change survives a
    /// power cut (requirement R16).
    func commit(_ change: StoreChange) async throws(StoreError)

    /// What a restart begins with, for the chargers of the configuration. What cannot be read of one
    /// charger is said in ``RestoredCharger/unreadable``, and keeps nobody from starting.
    func restore(_ chargers: [ChargerID]) async throws(StoreError) -> [RestoredCharger]

    func action(_ id: Action.ID) async throws(StoreError) -> Action?

    /// Actions, newest first.
    func actions(_ query: ActionQuery) async throws(StoreError) -> ActionPage

    /// What was answered before under the same idempotency key, if it is not older than 24 h at
    /// `now`.
    func idempotencyRecord(
        scope: String, key: String, now: WallInstant
    ) async throws(StoreError) -> IdempotencyRecord?

    /// The latest time of anything that was stored; nil in an empty store. A wall clock that shows an
    /// earlier time is wrong (requirement R21).
    func latestInstant() async throws(StoreError) -> WallInstant?

    /// Removes actions beyond the store's ``ActionRetention``, and idempotency records that are older
    /// than 24 h. An action stays while it is open, is the newest of its charger, has its
    /// window open, or is named by a record. Writes nothing when there is nothing to remove.
    ///
    /// - Parameter now: Of a wall clock that is trusted: one that shows 2040 would remove everything.
    /// - Returns: How many actions were removed.
    func prune(now: WallInstant) async throws(StoreError) -> Int
}

/// How many finished actions are kept.
package struct ActionRetention: Hashable, Sendable {
    /// Since their creation.
    package var age: Duration
    /// Of all chargers together; the oldest go first.
    package var count: Int

    package init(age: Duration, count: Int) {
        self.age = age
        self.count = count
    }

    /// 90 days or 100,000 actions, whichever is less.
    package static let standard = ActionRetention(
        age: .seconds(90 * 24 * 60 * 60), count: 100_000)
}

/// What is to become durable in one step.
package struct StoreChange: Hashable, Sendable {
    /// Actions to insert, or to replace by their id.
    package var actions: [Action]
    /// The intent of one charger.
    package var intent: IntentChange?
    /// The settings of one charger.
    package var settings: SettingsChange?
    /// The recurring schedule of one charger.
    package var schedule: ScheduleChange?
    /// The delay of a slot of the schedule of one charger.
    package var slotDelay: SlotDelayChange?
    package var idempotency: IdempotencyRecord?

    package init(
        actions: [Action] = [], intent: IntentChange? = nil, settings: SettingsChange? = nil,
        schedule: ScheduleChange? = nil, slotDelay: SlotDelayChange? = nil,
        idempotency: IdempotencyRecord? = nil
    ) {
        self.actions = actions
        self.intent = intent
        self.settings = settings
        self.schedule = schedule
        self.slotDelay = slotDelay
        self.idempotency = idempotency
    }
}

package struct IntentChange: Hashable, Codable, Sendable {
    package var charger: ChargerID
    /// nil forgets the intent: the schedule counts, or the next fresh reading is adopted. An adopted
    /// one is what is found next, up to its limit.
    package var intent: ChargeIntent?
    /// The completed action whose window is open; nil without one.
    package var window: Action.ID?
    /// Until when the intent takes precedence over the recurring schedule; nil for ever.
    package var until: WallInstant?
    package var at: WallInstant

    package init(
        charger: ChargerID, intent: ChargeIntent?, window: Action.ID? = nil,
        until: WallInstant? = nil, at: WallInstant
    ) {
        self.charger = charger
        self.intent = intent
        self.window = window
        self.until = until
        self.at = at
    }
}

package struct SettingsChange: Hashable, Sendable {
    package var charger: ChargerID
    package var maxChargeRate: Watts?
    package var at: WallInstant

    package init(charger: ChargerID, maxChargeRate: Watts?, at: WallInstant) {
        self.charger = charger
        self.maxChargeRate = maxChargeRate
        self.at = at
    }
}

package struct ScheduleChange: Hashable, Sendable {
    package var charger: ChargerID
    /// nil removes the schedule.
    package var schedule: RecurringSchedule?
    package var at: WallInstant

    package init(charger: ChargerID, schedule: RecurringSchedule?, at: WallInstant) {
        self.charger = charger
        self.schedule = schedule
        self.at = at
    }
}

/// The randomised delay of the last slot that opened. It goes with the schedule: another one has
/// none, and without a schedule there is nothing to keep.
package struct SlotDelayChange: Hashable, Codable, Sendable {
    package var charger: ChargerID
    /// Of the slot.
    package var start: WallInstant
    package var delay: Duration

    package init(charger: ChargerID, start: WallInstant, delay: Duration) {
        self.charger = charger
        self.start = start
        self.delay = delay
    }
}

/// What is durable of one charger.
package struct RestoredCharger: Hashable, Sendable {
    package var charger: ChargerID
    package var intent: ChargeIntent?
    /// ``IntentChange/until`` of the intent.
    package var intentUntil: WallInstant?
    /// The completed action whose window is open (``IntentChange/window``).
    package var openWindow: Action?
    package var maxChargeRate: Watts?
    package var schedule: RecurringSchedule?
    package var slotDelay: SlotDelayChange?
    /// At most one: the action that was not finished.
    package var openAction: Action?
    /// The newest action, whatever its state.
    package var lastAction: Action?
    /// What is stored of this charger and cannot be read, for logs; nil when all of it can. What it
    /// was is not known, so that the charger is held at its safe current (requirement R4).
    package var unreadable: String?

    package init(
        charger: ChargerID, intent: ChargeIntent? = nil, intentUntil: WallInstant? = nil,
        openWindow: Action? = nil, maxChargeRate: Watts? = nil,
        schedule: RecurringSchedule? = nil, slotDelay: SlotDelayChange? = nil,
        openAction: Action? = nil, lastAction: Action? = nil, unreadable: String? = nil
    ) {
        self.charger = charger
        self.intent = intent
        self.intentUntil = intentUntil
        self.openWindow = openWindow
        self.maxChargeRate = maxChargeRate
        self.schedule = schedule
        self.slotDelay = slotDelay
        self.openAction = openAction
        self.lastAction = lastAction
        self.unreadable = unreadable
    }
}

/// That a request was carried out under a client's idempotency key.
package struct IdempotencyRecord: Hashable, Sendable {
    /// API key, method and path.
    package var scope: String
    /// The client's header value, 1 to 255 characters.
    package var key: String
    /// SHA-256 of the body.
    package var bodyHash: [UInt8]
    /// The action of a push; nil for others.
    package var action: Action.ID?
    /// The schedule that was set or removed; nil for others.
    package var schedule: RecurringSchedule?
    package var createdAt: WallInstant

    package init(
        scope: String, key: String, bodyHash: [UInt8], action: Action.ID?,
        schedule: RecurringSchedule? = nil, createdAt: WallInstant
    ) {
        self.scope = scope
        self.key = key
        self.bodyHash = bodyHash
        self.action = action
        self.schedule = schedule
        self.createdAt = createdAt
    }
}

/// Which actions to list.
package struct ActionQuery: Hashable, Sendable {
    /// Only actions of these chargers. Empty gives an empty page.
    package var chargers: [ChargerID]
    /// nil for all states.
    package var state: ActionStateName?
    package var offset: Int
    package var limit: Int

    package init(
        chargers: [ChargerID], state: ActionStateName? = nil, offset: Int = 0, limit: Int = 10
    ) {
        self.chargers = chargers
        self.state = state
        self.offset = offset
        self.limit = limit
    }
}

package struct ActionPage: Hashable, Sendable {
    package var actions: [Action]
    /// How many match in all.
    package var total: Int

    package init(actions: [Action], total: Int) {
        self.actions = actions
        self.total = total
    }
}

/// Why the store did not do it. `reason` is for logs, never for an answer to a client.
package enum StoreError: Error, Hashable, Codable, Sendable {
    /// No room left on the device.
    case full
    /// Cannot be written or read now.
    case unavailable(reason: String)
    /// The file is not a database of ours, or is damaged.
    case corrupt(reason: String)
}
