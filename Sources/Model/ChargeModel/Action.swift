/// What a client can ask of a charger.
package enum ChargeCommand: String, Hashable, Codable, Sendable, CaseIterable {
    /// Let the vehicle charge, as fast as everything in force allows.
    case charge
    /// Hold the charger at 0 A.
    case idle
}

/// How an action is to be carried out in time.
package enum ActionExecution: String, Hashable, Codable, Sendable, CaseIterable {
    case immediate
    case scheduled
    case windowed
}

/// One pushed command and what became of it.
package struct Action: Hashable, Codable, Sendable, Identifiable {
    /// The identifier in the API: `action_` and random characters.
    package struct ID: RawRepresentable, Hashable, Codable, Sendable {
        package var rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package init(_ value: String) { self.init(rawValue: value) }
    }

    package let id: ID
    package let charger: ChargerID
    package let command: ChargeCommand
    package var state: ActionState
    package let createdAt: WallInstant
    package var updatedAt: WallInstant
    package var acknowledgedAt: WallInstant?
    package var completedAt: WallInstant?
    /// When a deferred action begins; nil for an immediate one.
    package var start: WallInstant?
    /// How much later than ``start`` it begins: drawn at random when it was accepted, and kept. nil
    /// where starts are not delayed.
    package var startDelay: Duration?
    /// When a window ends.
    package var end: WallInstant?
    /// When an action with a relative start begins, by the clock of the boot in which it was pushed:
    /// a wall clock that steps meanwhile does not move it.
    package var startOnBoot: BootInstant?
    /// What a completed action says beyond its success, such as a limit that holds the charger at 0 A.
    package var message: String?
    /// How a test of a client wants the action to end; simulated chargers only.
    package var sandbox: SandboxOutcome?

    package init(
        id: ID, charger: ChargerID, command: ChargeCommand, state: ActionState,
        createdAt: WallInstant, sandbox: SandboxOutcome? = nil
    ) {
        self.id = id
        self.charger = charger
        self.command = command
        self.state = state
        self.createdAt = createdAt
        self.updatedAt = createdAt
        self.acknowledgedAt = nil
        self.completedAt = nil
        self.start = nil
        self.startDelay = nil
        self.end = nil
        self.startOnBoot = nil
        self.message = nil
        self.sandbox = sandbox
    }
}

/// An instant that means something until the computer is switched off.
package struct BootInstant: Hashable, Codable, Sendable {
    /// The kernel's random name of one boot.
    package var boot: String
    package var at: MonotonicInstant

    package init(boot: String, at: MonotonicInstant) {
        self.boot = boot
        self.at = at
    }
}

/// Where an action stands. `scheduled -> acknowledged -> completed | failed`, `scheduled -> cancelled`.
package enum ActionState: Hashable, Codable, Sendable {
    case scheduled
    case acknowledged
    case completed
    case failed(ActionFailure)
    case cancelled

    package var isTerminal: Bool {
        switch self {
        case .scheduled, .acknowledged: false
        case .completed, .failed, .cancelled: true
        }
    }

    /// The word of the API.
    package var name: ActionStateName {
        switch self {
        case .scheduled: .scheduled
        case .acknowledged: .acknowledged
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }
}

/// The states of an action without what belongs to them, as the API names them.
package enum ActionStateName: String, Hashable, Codable, Sendable, CaseIterable {
    case scheduled, acknowledged, completed, failed, cancelled
}

/// Why an action failed: a code for programs and a sentence for people.
package struct ActionFailure: Hashable, Codable, Sendable {
    package var code: ActionErrorCode
    package var message: String

    package init(code: ActionErrorCode, message: String) {
        self.code = code
        self.message = message
    }
}

/// The `errorCode` of a failed action.
package enum ActionErrorCode: String, Hashable, Codable, Sendable, CaseIterable {
    case deviceOffline = "DEVICE_OFFLINE"
    case deviceRefused = "DEVICE_REFUSED"
    case notApplied = "NOT_APPLIED"
    case deviceFaulted = "DEVICE_FAULTED"
    case superseded = "SUPERSEDED"
    case windowMissed = "WINDOW_MISSED"
    /// The agent runs read-only, and what it would have written was not written.
    case readOnly = "READ_ONLY"
}

/// How the action of a client's test is to end (`sandbox` in the push body).
package struct SandboxOutcome: Hashable, Codable, Sendable {
    /// nil completes as usual, after the delay.
    package var failure: ActionErrorCode?
    /// 0 to 60 s.
    package var delay: Duration

    package init(failure: ActionErrorCode?, delay: Duration) {
        self.failure = failure
        self.delay = delay
    }
}

/// What is wanted of a charger until somebody wants something else. It outlives restarts.
package enum ChargeIntent: Hashable, Codable, Sendable {
    case charge
    case idle
    /// What was found in the wallbox when nobody had said anything: kept, never raised. 0 is idle.
    /// Durable only after an `idle` that failed, as the most that may be found after a restart.
    case adopted(Milliamperes)
}
