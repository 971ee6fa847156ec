import ChargeModel

/// A vehicle as the wallbox meets it: what its on-board charger takes, and how it behaves.
package struct Vehicle: Hashable, Sendable {
    /// Phases that its on-board charger uses: 1 to 3.
    package var phases: Int
    /// The most that it draws from each phase.
    package var maximumCurrent: Milliamperes
    /// The most that it draws from all phases together; nil when only the current limits it.
    package var maximumPower: Watts?
    /// nil for a vehicle that is never full.
    package var battery: Battery?
    /// From a change of the pilot signal to the change of its draw: at most 5 s (IEC 61851-1, as
    /// EVerest measures it).
    package var reaction: Duration
    package var manner: VehicleManner

    package init(
        phases: Int = 3, maximumCurrent: Milliamperes = .amperes(16), maximumPower: Watts? = nil,
        battery: Battery? = nil, reaction: Duration = .seconds(2), manner: VehicleManner = .obedient
    ) {
        self.phases = phases
        self.maximumCurrent = maximumCurrent
        self.maximumPower = maximumPower
        self.battery = battery
        self.reaction = reaction
        self.manner = manner
    }

    /// What is wrong with these figures, for a person; nil when nothing is.
    package var complaint: String? {
        if !(1...3 ~= phases) {
            return "a vehicle has 1 to 3 phases, not \(phases)"
        }
        if !(1_000...80_000 ~= maximumCurrent.rawValue) {
            return "a vehicle draws 1 A to 80 A from a phase, not \(maximumCurrent)"
        }
        if let maximumPower, !(100...60_000 ~= maximumPower.rawValue) {
            return "a vehicle draws 100 W to 60000 W, not \(maximumPower)"
        }
        if let battery, battery.capacity <= .zero || battery.charge < .zero {
            return "a battery has more than 0 Wh of capacity and at least 0 Wh of charge"
        }
        if reaction < .zero || reaction > .seconds(5) {
            return "a vehicle reacts within 5 s"
        }
        return nil
    }
}

/// What a vehicle stores, and how it eases off towards the end.
package struct Battery: Hashable, Sendable {
    package var capacity: WattHours
    /// What is in it when it is plugged in.
    package var charge: WattHours
    /// The state of charge in percent from which the vehicle draws less, down to a tenth at the end.
    package var taperFrom: Int

    package init(capacity: WattHours, charge: WattHours, taperFrom: Int = 80) {
        self.capacity = capacity
        self.charge = charge
        self.taperFrom = taperFrom
    }

    /// The share of its maximum that the vehicle draws at a state of charge, in permille: all of it
    /// up to ``taperFrom``, then falling with every percent to 100 at the last.
    package func allowance(atPercent percent: Int) -> Int {
        guard percent >= taperFrom, taperFrom < 100 else { return 1000 }
        return 100 + 900 * (100 - percent) / (100 - taperFrom)
    }
}

/// How a vehicle treats what the pilot signal tells it.
package enum VehicleManner: Hashable, Sendable {
    /// As IEC 61851-1 has it.
    case obedient
    /// Draws more than is offered (requirement R10).
    case greedy(excess: Milliamperes)
    /// Keeps asking for what it first drew, whatever the pilot signal says later. Only the
    /// contactor stops it; with ``WallboxFaults/isContactorWelded`` nothing does.
    case stuck
    /// Falls asleep when it is paused, and wakes only when charging has been offered that many
    /// times again (requirement R30).
    case sleepy(offers: Int)
}
