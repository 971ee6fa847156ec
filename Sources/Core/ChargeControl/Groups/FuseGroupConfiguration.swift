import ChargeModel

/// Several chargers on one fuse, as the composition root states them.
package struct FuseGroupConfiguration: Hashable, Sendable {
    package var name: String
    /// What the fuse carries per phase.
    package var limit: Milliamperes
    package var members: [Member]
    package var timing: FuseGroupTiming

    package struct Member: Hashable, Sendable {
        package var charger: ChargerID
        /// The phases that it may load; all of them where that is not known.
        package var phases: PhaseSet
        /// The least current above 0.
        package var minimum: Milliamperes
        /// The most that it can do, whatever it is told.
        package var maximum: Milliamperes
        /// Shares are multiples of this.
        package var step: Milliamperes
        /// What it may fall to by itself at any time, with its link lost or its supply back: always
        /// kept free for it.
        package var reserve: Milliamperes
        /// The poll period in force.
        package var poll: Duration

        package init(
            charger: ChargerID, phases: PhaseSet, minimum: Milliamperes, maximum: Milliamperes,
            step: Milliamperes, reserve: Milliamperes, poll: Duration
        ) {
            self.charger = charger
            self.phases = phases
            self.minimum = max(minimum, .pilotMinimum)
            self.maximum = maximum
            self.step = max(step, Milliamperes(1))
            self.reserve = reserve
            self.poll = poll
        }
    }

    package init(
        name: String, limit: Milliamperes, members: [Member],
        timing: FuseGroupTiming = FuseGroupTiming()
    ) {
        self.name = name
        self.limit = limit
        self.members = members
        self.timing = timing
    }

    package func has(_ charger: ChargerID) -> Bool {
        members.contains { $0.charger == charger }
    }
}

/// The times of a group.
package struct FuseGroupTiming: Hashable, Sendable {
    /// How long after the last moment at which a wallbox could have been told more a reading proves
    /// that it stands lower: a write that was given up may arrive within 4 s yet, and a vehicle
    /// follows a new limit within 5 s (IEC 61851-1).
    package var handover: Duration = .seconds(5)
    /// How long a share holds without being renewed (requirement R4).
    package var lease: Duration = .seconds(10)
    /// How long, beside the handover and three polls, the others count on a wallbox that was told
    /// less to obey; then they make room for what it does.
    package var patience: Duration = .seconds(10)
    /// How long a charger keeps its place while others wait for one.
    package var turn: Duration = .seconds(15 * 60)
    /// The least time between a stop for the sake of others and the next start (requirement R11).
    package var toggleInterval: Duration = .seconds(180)
    /// Stops and starts for the sake of others in an hour (requirement R11).
    package var togglesPerHour = 10
    /// How long a vehicle must draw less than it may before the rest is lent.
    package var lendingAfter: Duration = .seconds(60)

    package init() {}
}

/// What one charger is allowed of a fuse: a lease, as a target is.
package struct GroupShare: Hashable, Codable, Sendable {
    package var group: String
    /// 0, or at least the charger's minimum.
    package var limit: Milliamperes
    package var validUntil: MonotonicInstant
    /// Rises with every change of ``limit``.
    package var revision: UInt64
    /// Why, for a person.
    package var reason: String

    package init(
        group: String, limit: Milliamperes, validUntil: MonotonicInstant, revision: UInt64,
        reason: String
    ) {
        self.group = group
        self.limit = limit
        self.validUntil = validUntil
        self.revision = revision
        self.reason = reason
    }
}

/// What a charger tells its group.
package struct MemberReport: Hashable, Sendable {
    /// What it would be allowed without its share; nil while that is not known.
    package var wanted: Milliamperes?
    /// The share that its control goes by; nil before the first.
    package var heldRevision: UInt64?
    /// What its driver was told last.
    package var told: ChargerTarget?
    package var snapshot: ChargerSnapshot

    package init(
        wanted: Milliamperes?, heldRevision: UInt64?, told: ChargerTarget?,
        snapshot: ChargerSnapshot
    ) {
        self.wanted = wanted
        self.heldRevision = heldRevision
        self.told = told
        self.snapshot = snapshot
    }
}
