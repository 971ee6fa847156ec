import ChargeModel

/// The most that one charger of a group may draw now, or at any time without being told more: what the
/// others must leave it.
///
/// ```
/// what                                        counts with
/// never reached                               all that it can do
/// told, or given a share                      at once
/// told less                                   as before, until proved
/// found above what it was told                what was found
/// not answering, not the right device         as before
/// a reading later than the handover           what was read, and no less than it may be told
/// 0 A beside a refused write                  as before: more may stand behind a pilot that offers nothing
/// no read-back, verified after the handover   what it may be told
/// what it falls to by itself                  always
/// ```
struct MemberBound: Hashable, Sendable {
    private let member: FuseGroupConfiguration.Member
    private let handover: Duration
    /// Whether anything was read that can be relied on.
    private(set) var isKnown = false
    /// It answers, and does not show what it is set to: that is known only once it was told.
    private(set) var isMute = false
    /// The most that may be in force, or on its way there.
    private(set) var setpoint: Milliamperes
    /// What it shows that it falls to.
    private var fallback = Milliamperes.zero
    /// The most that it may be told from now on.
    private var ceiling = Milliamperes.zero
    /// Since when it cannot have been told more than ``ceiling``.
    private var loweredAt: MonotonicInstant
    /// The share that it was given last.
    private var given: GroupShare?
    /// The most of the shares that it may go by.
    private var outstanding = Milliamperes.zero

    init(
        _ member: FuseGroupConfiguration.Member, handover: Duration, at now: MonotonicInstant
    ) {
        self.member = member
        self.handover = handover
        setpoint = member.maximum
        loweredAt = now
    }

    /// What is kept free for it whatever it is told.
    var reserved: Milliamperes { max(member.reserve, fallback) }

    var counted: Milliamperes { max(setpoint, outstanding, reserved) }

    /// A share is on its way to it.
    mutating func gave(_ share: GroupShare) {
        given = share
        outstanding = max(outstanding, share.limit)
    }

    mutating func reported(_ report: MemberReport, at now: MonotonicInstant) {
        if let given, report.heldRevision == given.revision { outstanding = given.limit }
        let ceiling = max(outstanding, report.told?.limit ?? .zero)
        if ceiling < self.ceiling { loweredAt = now }
        self.ceiling = ceiling
        setpoint = max(setpoint, ceiling)
        let snapshot = report.snapshot
        guard !snapshot.conditions.contains(where: \.isForeign) else { return }
        if let shown = snapshot.failsafeCurrent.value { fallback = min(shown, member.maximum) }
        switch snapshot.setpoint {
        case .captured(let found, let time):
            if found == .zero, case .refused(let revision, _) = snapshot.application,
                report.told?.revision == revision
            {
                return
            }
            take(found, provenAt: time.monotonic)
        case .absent(let absence):
            let poll = snapshot.lastPoll?.monotonic
            let isRecent = poll.map { $0 >= loweredAt.advanced(by: handover) } ?? false
            isMute = snapshot.link == .up && isRecent
            guard absence == .writeOnly,
                case .verified(let revision, _, let time) = snapshot.application,
                let told = report.told, told.revision == revision
            else { return }
            take(told.limit, provenAt: time.monotonic)
        }
    }

    private mutating func take(_ found: Milliamperes, provenAt time: MonotonicInstant) {
        guard time >= loweredAt.advanced(by: handover) else {
            setpoint = max(setpoint, found)
            return
        }
        isKnown = true
        setpoint = max(ceiling, found)
    }
}
