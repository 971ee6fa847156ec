import ChargeModel

/// What control has to know of one charger and does not change while the agent runs.
package struct ControlConfiguration: Hashable, Codable, Sendable {
    package var description: ChargerDescription
    /// `max-current` of the installation, per phase.
    package var installationMaximum: Milliamperes
    /// `safe-current`: what holds when control is lost; 0, or at least 6 A.
    package var safeCurrent: Milliamperes
    /// What the profile states: the least current above 0.
    package var minimum: Milliamperes
    /// What the profile states: the most that the model does.
    package var profileMaximum: Milliamperes
    /// What the profile states: limits are multiples of this.
    package var step: Milliamperes
    /// What the profile states: the power on the type plate.
    package var ratedPower: Watts?
    /// Whether an `idle` ends when the vehicle is unplugged, so that the next one charges.
    package var idleEndsAtUnplug: Bool
    /// Whether the wallbox may be switched between one phase and three.
    package var switchesPhases = false
    /// The name of the fuse that it shares with others; nil where it hangs on its own.
    package var group: String?
    /// Up to how much a start that comes by the clock is delayed at random; zero for not at all.
    package var startDelay: Duration
    /// The kernel's random name of this boot, for starts that are relative to it.
    package var boot: String
    package var timing: ControlTiming

    package init(
        description: ChargerDescription, installationMaximum: Milliamperes,
        safeCurrent: Milliamperes, minimum: Milliamperes, profileMaximum: Milliamperes,
        step: Milliamperes, ratedPower: Watts?, idleEndsAtUnplug: Bool = false,
        startDelay: Duration = .zero, group: String? = nil, boot: String = "",
        timing: ControlTiming = ControlTiming()
    ) {
        self.description = description
        self.installationMaximum = installationMaximum
        self.safeCurrent = safeCurrent
        self.minimum = minimum
        self.profileMaximum = profileMaximum
        self.step = step
        self.ratedPower = ratedPower
        self.idleEndsAtUnplug = idleEndsAtUnplug
        self.group = group
        self.startDelay = startDelay
        self.boot = boot
        self.timing = timing
    }
}

/// The times of control.
package struct ControlTiming: Hashable, Codable, Sendable {
    /// How long an immediate `charge` may take to reach the wire.
    package var reachWire: Duration = .seconds(5)
    /// How long an action may take to be verified.
    package var verify: Duration = .seconds(30)
    /// How long a scheduled start is tried, unless its window ends before.
    package var verifyDeferred: Duration = .seconds(15 * 60)
    /// How long after a refusal a scheduled start is tried again.
    package var retry: Duration = .seconds(10)
    /// A start that is later than this says so in the result of its action.
    package var lateness: Duration = .seconds(10)
    /// How long a target holds without being renewed (requirement R4).
    package var lease: Duration = .seconds(10)
    /// How long fewer phases must be seen in use before they count; more count at once.
    package var phaseFall: Duration = .seconds(60)
    /// Pushed starts in an hour (requirement R11: contactor wear).
    package var startsPerHour = 20

    package init() {}
}
