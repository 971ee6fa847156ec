import ChargeModel

// state      | pilot signal on          | pilot signal off  | reaction time over       | full
// quiet      | remember, react later    | -                 | asking, unless asleep    | -
// asking     | remember, react later    | remember          | draw as told; off: quiet | quiet
// "asking" is switch S2 of the vehicle: the pilot is in state C and not B (IEC 61851-1, table A.1).
// A sleepy vehicle falls asleep when it becomes quiet after a pause, and counts offers from there.

/// A vehicle on the plug: what it has understood of the pilot signal so far, and what it draws.
struct PluggedVehicle: Hashable, Sendable {
    private(set) var vehicle: Vehicle
    /// What is in the battery.
    private(set) var charge: ExactEnergy
    /// Whether it asks for energy (switch S2).
    private(set) var isAsking = false
    /// The current that it has understood to be on offer; 0 for none.
    private(set) var understood = Milliamperes.zero
    /// Changes of the pilot signal that it has not acted on yet, oldest first: it acts on each.
    private var pending: [Pending] = []
    /// Offers that it will sleep through; 0 when awake.
    private var offersToSleepThrough = 0

    private struct Pending: Hashable {
        var offer: Milliamperes
        var due: MonotonicInstant
    }

    init(_ vehicle: Vehicle, offered: Milliamperes, at now: MonotonicInstant) {
        self.vehicle = vehicle
        charge = vehicle.battery.map { ExactEnergy($0.charge) } ?? .zero
        if offered > .zero { pilotChanged(to: offered, at: now) }
    }

    /// Becomes another vehicle in the middle of the session: what it has understood stays.
    mutating func change(to vehicle: Vehicle) {
        self.vehicle = vehicle
        charge = vehicle.battery.map { ExactEnergy($0.charge) } ?? .zero
        if understood > .zero { isAsking = offersToSleepThrough == 0 && !isFull }
    }

    /// When it does something by itself next, apart from becoming full.
    var nextReaction: MonotonicInstant? { pending.first?.due }

    mutating func pilotChanged(to offer: Milliamperes, at now: MonotonicInstant) {
        let due = now.advanced(by: vehicle.reaction)
        // A vehicle that has become quicker meanwhile skips what this change overtakes.
        pending.removeAll { $0.due > due }
        pending.append(Pending(offer: offer, due: due))
    }

    /// Does what is due.
    mutating func react(at now: MonotonicInstant) {
        while let next = pending.first, next.due <= now {
            pending.removeFirst()
            understand(next.offer)
        }
        if isFull { isAsking = false }
    }

    /// Something has woken it up: it takes what is on offer.
    mutating func wake() {
        offersToSleepThrough = 0
        isAsking = understood > .zero && !isFull
    }

    private mutating func understand(_ offer: Milliamperes) {
        if case .stuck = vehicle.manner, isAsking { return }
        let wasOffered = understood > .zero
        understood = offer
        guard offer > .zero else {
            if case .sleepy(let offers) = vehicle.manner, isAsking { offersToSleepThrough = offers }
            isAsking = false
            return
        }
        if offersToSleepThrough > 0, !wasOffered { offersToSleepThrough -= 1 }
        isAsking = offersToSleepThrough == 0 && !isFull
    }

    // MARK: - The battery

    var isFull: Bool {
        guard let battery = vehicle.battery else { return false }
        return charge >= ExactEnergy(battery.capacity)
    }

    /// State of charge in whole percent, rounded down; nil without a battery.
    var percent: Int? {
        vehicle.battery.map { charge.percent(of: ExactEnergy($0.capacity)) }
    }

    mutating func store(_ energy: ExactEnergy) {
        charge += energy
    }

    /// How much more until the vehicle draws another power or is full; nil for never.
    var energyToNextStep: ExactEnergy? {
        guard let battery = vehicle.battery, let percent else { return nil }
        let capacity = ExactEnergy(battery.capacity)
        let next = percent < battery.taperFrom ? battery.taperFrom : percent + 1
        return capacity.share(percent: min(next, 100)) - charge
    }

    // MARK: - The draw

    /// Microwatts that it takes from each phase while the contactor is closed.
    ///
    /// - Parameters:
    ///   - voltages: Millivolts of each phase.
    ///   - phases: How many phases the wallbox has.
    func draw(voltages: PerPhase, phases: Int) -> PerPhase {
        guard isAsking, understood > .zero else { return .zero }
        let phases = min(phases, vehicle.phases)
        let allowance =
            vehicle.battery.map { $0.allowance(atPercent: percent ?? 0) } ?? 1000
        let taken: Milliamperes =
            if case .greedy(let excess) = vehicle.manner { understood + excess } else { understood }
        let current = min(taken.rawValue, vehicle.maximumCurrent.rawValue * allowance / 1000)
        var power = PerPhase.zero
        for phase in 0..<phases { power[phase] = current * voltages[phase] }
        guard let maximumPower = vehicle.maximumPower else { return power }
        return power.limited(
            toMicrowatts: maximumPower.rawValue * 1000 * allowance, phases: phases)
    }
}

extension PerPhase {
    /// Shares a limit out to the first phases, to the last microwatt, where the sum exceeds it.
    fileprivate func limited(toMicrowatts limit: Int, phases: Int) -> PerPhase {
        guard sum > limit else { return self }
        var shares = PerPhase.zero
        var rest = limit
        for phase in 0..<phases {
            shares[phase] = min(self[phase], rest / (phases - phase))
            rest -= shares[phase]
        }
        return shares
    }
}
