import ChargeModel

/// What the driver has to know of one charger beyond its profile.
package struct DriverConfiguration: Hashable, Codable, Sendable {
    /// The unit id of the charger on its bus.
    package var unit: UInt8
    /// `max-current` of the installation: the driver's own ceiling, whatever control asks for.
    package var installationMaximum: Milliamperes
    /// `safe-current`: 0, or at least 6 A.
    package var safeCurrent: Milliamperes
    /// Phases of the installation that are used, 1 to 3.
    package var phases: Int
    /// The phases that every vehicle here draws on, where somebody states it; counted otherwise, and
    /// one until they are. For wallboxes that are set in watts.
    package var vehiclePhases: Int?
    /// Whether it may switch between one phase and three, where the profile knows how.
    package var switchesPhases = false
    /// The configured poll period; the profile's minimum wins if it is longer.
    package var poll: Duration
    /// Whether it writes nothing at all, and only tells what it would write.
    package var isReadOnly: Bool
    package var timing = DriverTiming()

    package init(
        unit: UInt8, installationMaximum: Milliamperes, safeCurrent: Milliamperes, phases: Int,
        poll: Duration, isReadOnly: Bool = false
    ) {
        self.unit = unit
        self.installationMaximum = installationMaximum
        self.safeCurrent = safeCurrent
        self.phases = phases
        self.poll = poll
        self.isReadOnly = isReadOnly
    }
}

/// The times and bounds of the driver.
package struct DriverTiming: Hashable, Codable, Sendable {
    /// The least time between two increases (IEC 61851-1: the pilot's duty cycle may change every
    /// 5 s, and a vehicle follows within 5 s; requirement R9).
    package var increaseInterval: Duration = .seconds(5)
    /// How long an increase that the wallbox did not take is left alone before the next attempt.
    package var increaseRetry: Duration = .seconds(30)
    /// How long a reduction that the wallbox refused is left alone before the next attempt.
    package var reductionRetry: Duration = .seconds(1)
    /// Polls that may contradict a write before it counts as not applied (requirement R8).
    package var pollsToJudge = 2
    /// Contradicted writes in a row that make a fault (requirement R8).
    package var contradictionsToFault = 3
    /// Foreign changes within ``foreignWindow`` that mean another controller (requirement R8).
    package var foreignChangesToYield = 3
    package var foreignWindow: Duration = .seconds(600)
    /// How often a request is repeated after a transient exception (requirement R25).
    package var transientRetries = 2
    /// How often arming the failsafe is tried before the warning.
    package var failsafeAttempts = 3
    /// How long more phases must be seen before they count (a vehicle follows within 5 s).
    package var phaseSettle: Duration = .seconds(10)

    package init() {}
}
