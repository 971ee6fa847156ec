import ChargeModel

/// Shares the current of one fuse between the chargers on it, so that what they may draw together
/// never exceeds it on any phase. Pure: a charger reports, and is given its share.
///
/// ```
/// step     what it does
/// report   brings up to date with what a charger counts, and what it can use
/// rule     ``ShareRule`` says what each should have
/// reduce   who has more than it should gets less, at once
/// raise    who should have more gets what the others verifiably leave: their count, not their share
/// ```
/// So an increase goes out only after the reductions that make room for it are verified, and the sum
/// holds at every moment, with links lost and with the agent killed, since a charger counts with the
/// most that it may have been told until a reading proves it lower (``MemberBound``). A share is a
/// lease: who is not given one anew falls to the lesser of it and its safe current.
///
/// Where not all can have their minimum, whoever waits longest comes next; a place is kept for a turn
/// and then given up to who waits (requirement R11 bounds how often). Until the handover is over after
/// the start, nobody is given anything: all are held at what they are found at.
package struct FuseGroup: Sendable {
    package let configuration: FuseGroupConfiguration
    private let startedAt: MonotonicInstant
    var seats: [Seat]

    struct Seat: Sendable {
        let member: FuseGroupConfiguration.Member
        var bound: MemberBound
        var demand: MemberDemand
        var turn = MemberTurn()
        /// What it is allowed; nil while it is held at what it is found at.
        var share: Milliamperes?
        var revision: UInt64 = 0
        /// What it should have.
        var goal = Milliamperes.zero
        var reportedAt: MonotonicInstant?
        var isAnswering = false
        /// Since when it counts with more than it is allowed.
        var overSince: MonotonicInstant?
        /// It does not obey, or was never reached: the others make room for what it counts with.
        var isRigid = false

        var counted: Milliamperes { max(bound.counted, share ?? .zero) }
    }

    package init(configuration: FuseGroupConfiguration, at now: MonotonicInstant) {
        self.configuration = configuration
        startedAt = now
        let timing = configuration.timing
        seats = configuration.members.map { member in
            Seat(
                member: member,
                bound: MemberBound(member, handover: timing.handover, at: now),
                demand: MemberDemand(member, lendingAfter: timing.lendingAfter), overSince: now)
        }
    }

    /// A charger tells what it does, and is given its share.
    ///
    /// - Parameter index: Its place among the members.
    /// - Returns: nil while it is to be held at what it is found at.
    package mutating func exchange(
        _ report: MemberReport, of index: Int, at now: MonotonicInstant
    ) -> GroupShare? {
        seats[index].reportedAt = now
        seats[index].isAnswering = report.snapshot.link == .up
        seats[index].bound.reported(report, at: now)
        seats[index].demand.reported(report, share: seats[index].share, at: now)
        evaluate(at: now)
        return give(index, at: now)
    }

    private mutating func give(_ index: Int, at now: MonotonicInstant) -> GroupShare? {
        guard let limit = seats[index].share else { return nil }
        let share = GroupShare(
            group: configuration.name, limit: limit,
            validUntil: now.advanced(by: configuration.timing.lease),
            revision: seats[index].revision, reason: words(index))
        seats[index].bound.gave(share)
        return share
    }

    // MARK: - Sharing

    private mutating func evaluate(at now: MonotonicInstant) {
        for index in seats.indices { begin(index, at: now) }
        for index in seats.indices { judge(index, at: now) }
        let order = precedence(at: now)
        let shares = ShareRule.shares(
            of: order.map { entry(of: $0.index, as: $0.role) }, fuse: configuration.limit)
        for (place, goal) in zip(order, shares) { seats[place.index].goal = goal }
        for index in seats.indices where !seats[index].isRigid { reduce(index, at: now) }
        for place in order { raise(place.index, at: now) }
    }

    /// Takes up a charger once it is known what it does, with that. One that does not show it counts
    /// with all that it can do until it has been told, and telling it may raise it: so it is told no
    /// more than is kept free for it anyway.
    private mutating func begin(_ index: Int, at now: MonotonicInstant) {
        let bound = seats[index].bound
        guard seats[index].share == nil, bound.isKnown || bound.isMute else { return }
        let member = seats[index].member
        let start = bound.isKnown ? bound.setpoint : member.reserve
        let found = min(start, member.maximum).rounded(to: member.step)
        seats[index].share = found >= member.minimum ? found : .zero
        seats[index].revision += 1
        if found >= member.minimum { seats[index].turn.started(at: now) }
    }

    /// Whether it does what it is told.
    private mutating func judge(_ index: Int, at now: MonotonicInstant) {
        let seat = seats[index]
        let allowed = max(seat.share ?? .zero, seat.bound.reserved)
        guard seat.share == nil || seat.bound.setpoint > allowed else {
            seats[index].overSince = nil
            seats[index].isRigid = false
            return
        }
        let since = seat.overSince ?? now
        let timing = configuration.timing
        let patience = timing.patience + timing.handover + seat.member.poll * 3
        seats[index].overSince = since
        seats[index].isRigid = since.duration(to: now) > patience
    }

    private func entry(of index: Int, as role: ShareRule.Role) -> ShareRule.Entry {
        let seat = seats[index]
        return ShareRule.Entry(
            phases: seat.member.phases, minimum: seat.member.minimum, step: seat.member.step,
            cap: seat.demand.cap, reserved: seat.isRigid ? seat.counted : seat.bound.reserved,
            role: role)
    }

    private mutating func reduce(_ index: Int, at now: MonotonicInstant) {
        guard let share = seats[index].share, seats[index].goal < share else { return }
        seats[index].share = seats[index].goal
        seats[index].revision += 1
        guard seats[index].goal == .zero else { return }
        let isForOthers = [.wants, .asleep].contains(seats[index].demand.kind)
        seats[index].turn.stopped(isForOthers: isForOthers, at: now)
    }

    /// Gives what the others verifiably leave.
    private mutating func raise(_ index: Int, at now: MonotonicInstant) {
        let seat = seats[index]
        guard let share = seat.share, !seat.isRigid, seat.goal > share,
            let reportedAt = seat.reportedAt,
            // Whoever does not come for its share any more needs no larger one.
            reportedAt.duration(to: now) <= configuration.timing.lease
        else { return }
        let left = seat.member.phases.indices.map { phase in
            configuration.limit.rawValue - counted(onPhase: phase, without: index)
        }
        let free = Milliamperes(left.min() ?? 0).rounded(to: seat.member.step)
        let raised = min(seat.goal, free)
        // Not in drops: every change is a write, and a new signal for the vehicle.
        let isWorthIt = raised == seat.goal || share == .zero || raised >= share + .amperes(1)
        guard raised >= seat.member.minimum, raised > share, isWorthIt else { return }
        if share == .zero { seats[index].turn.started(at: now) }
        seats[index].share = raised
        seats[index].revision += 1
    }

    private func counted(onPhase phase: Int, without index: Int) -> Int {
        var sum = 0
        for (other, seat) in seats.enumerated() where other != index {
            guard seat.member.phases.indices.contains(phase) else { continue }
            sum += seat.counted.rawValue
        }
        return sum
    }

    // MARK: - Places

    /// Who comes before whom, and as what.
    private mutating func precedence(
        at now: MonotonicInstant
    ) -> [(index: Int, role: ShareRule.Role)] {
        let timing = configuration.timing
        var places: [(rank: Int, since: Int64, index: Int, role: ShareRule.Role)] = []
        for index in seats.indices {
            let seat = seats[index]
            guard let share = seat.share, !seat.isRigid else {
                places.append((9, 0, index, .none))
                continue
            }
            let runs = share > .zero
            switch seat.demand.kind {
            case .nothing:
                seats[index].turn.leave()
                places.append((8, 0, index, .none))
            case .spare:
                seats[index].turn.leave()
                places.append((5, 0, index, .spare))
            case .asleep where runs:
                places.append((4, 0, index, .runs))
            case .wants where runs:
                let since = seats[index].turn.runs(at: now)
                let isOver = since.duration(to: now) >= timing.turn
                // The one that came last keeps its place longest.
                places.append((isOver ? 3 : 1, -since.nanoseconds, index, .runs))
            case .asleep, .wants:
                let since = seats[index].turn.waits(at: now)
                let mayStart = seats[index].turn.mayStart(timing, at: now)
                places.append((2, since.nanoseconds, index, mayStart ? .waits : .none))
            }
        }
        places.sort { ($0.rank, $0.since, $0.index) < ($1.rank, $1.since, $1.index) }
        return places.map { ($0.index, $0.role) }
    }
}

extension Milliamperes {
    /// Rounded down to a multiple of a step.
    func rounded(to step: Milliamperes) -> Milliamperes {
        Milliamperes(max(0, rawValue) / step.rawValue * step.rawValue)
    }
}
