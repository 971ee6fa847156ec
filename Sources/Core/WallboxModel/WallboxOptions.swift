import ChargeModel
import DeviceProfiles

/// How one simulated wallbox differs from another of the same profile: its factory settings, its
/// mechanics within what IEC 61851-1 allows, and what its firmware does with odd writes.
package struct WallboxOptions: Hashable, Sendable {
    /// Shown in serial number registers; those that hold a number show its digits.
    package var serial = "10000001"
    /// Shown in firmware registers, as above; nil for one with which the wallbox has as much of the
    /// profile's map as can be.
    package var firmware: String?
    /// What registers hold instead of what the simulation would put there.
    package var presets: [Preset] = []
    /// Registers that this wallbox does not have, of those that not every unit has.
    package var missing: [RegisterID] = []
    /// Requests that come sooner after the last one than the profile's gap, or after a connection
    /// than its delay, get no answer.
    package var keepsRequestGap = false
    package var voltage = MainsVoltage.constant(.nominal)
    /// The setpoint after start and after loss of supply; nil for the most that the model does.
    package var factorySetpoint: Milliamperes?
    /// Whether the on/off registers are on after start and after loss of supply.
    package var startsEnabled = true
    /// What the hardware allows (fuse, switch, cable rating); nil for the model's maximum. Shown in
    /// the registers that tell it, and never exceeded.
    package var hardwareMaximum: Milliamperes?
    package var meterStart = WattHours.zero
    /// How many times more energy flows than power and time make it, 1 to 10,000: where simulated
    /// time passes faster, a night must fill a battery. All else, such as the failsafe's timeout and
    /// the contactor, belongs to a wire that is real and stays in real time.
    package var energyScale = 1
    package var failsafe = FailsafeSettings()
    package var belowMinimum = BelowMinimum.refuse
    package var aboveMaximum = AboveMaximum.clamp
    package var contactor = ContactorDelays()
    /// How long nothing is offered while the wallbox switches phases.
    package var phasePause = Duration.seconds(2)
    /// How long a command takes where the profile knows how to wait for it.
    package var commandTime = Duration.milliseconds(800)
    /// From loss of supply or a reboot until it answers and charges again.
    package var bootTime = Duration.seconds(5)

    package init() {}

    /// A value that a register holds from the factory on.
    package struct Preset: Hashable, Sendable {
        package var register: RegisterID
        package var value: RawValue

        package init(_ register: RegisterID, _ value: RawValue) {
            self.register = register
            self.value = value
        }
    }

    /// The failsafe as it leaves the factory.
    package struct FailsafeSettings: Hashable, Sendable {
        package var current = Milliamperes.pilotMinimum
        /// 0 switches the failsafe off. nil: off where a register takes it, else what the profile
        /// knows.
        package var timeout: Duration?
        /// nil: what the profile's heartbeat lets expect.
        package var recovery: FailsafeRecovery?
        /// Where the fallback is upwards; nil for the model's maximum.
        package var upwards: Milliamperes?

        package init() {}
    }

    /// What a limit above 0 and below the minimum of the pilot signal does.
    package enum BelowMinimum: String, Hashable, Sendable, CaseIterable {
        /// Exception 3.
        case refuse
        /// It pauses, as 0 does.
        case pause
        /// It becomes the minimum: more than was asked for.
        case raise
    }

    /// What a limit above the model's maximum does.
    package enum AboveMaximum: String, Hashable, Sendable, CaseIterable {
        /// Exception 3.
        case refuse
        /// It becomes the maximum.
        case clamp
    }

    /// Times of the contactor, within IEC 61851-1 table A.6.
    package struct ContactorDelays: Hashable, Sendable {
        /// From state C with the pilot signal on; at most 3 s (sequence 4).
        package var close = Duration.seconds(1)
        /// From C to B; at most 100 ms (sequence 8.1).
        package var open = Duration.milliseconds(60)
        /// From the pilot signal going off while the vehicle stays in C; at most 6 s (sequence
        /// 10.2), 3 s is typical.
        package var openUnderLoad = Duration.seconds(3)

        package init() {}
    }
}

/// What ends a failsafe.
package enum FailsafeRecovery: String, Hashable, Sendable, CaseIterable {
    /// The next heartbeat: the setpoint from before is in force again (Heidelberg).
    case heartbeat
    /// Writing the setpoint again (Alfen).
    case setpoint
    /// Writing the setpoint and the on/off registers again (KEBA).
    case setpointAndEnable = "setpoint-and-enable"
}
