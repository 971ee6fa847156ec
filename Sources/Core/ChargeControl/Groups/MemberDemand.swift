import ChargeModel

/// What one charger of a group can use, from what is wanted of it and what its vehicle does.
///
/// ```
/// seen                                     kind      can use
/// nobody wants it to charge                nothing   0
/// no vehicle                               spare     its minimum
/// drawing nothing for a while              asleep    its minimum
/// drawing less than it may for a while     wants     what it draws and 2 A
/// anything else, or nothing known          wants     all that it is allowed otherwise
/// ```
struct MemberDemand: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case nothing, spare, asleep, wants
    }

    private let member: FuseGroupConfiguration.Member
    private let lendingAfter: Duration
    private(set) var kind = Kind.nothing
    private(set) var cap = Milliamperes.zero
    /// What it is lent out above; nil while it draws what it may.
    private(set) var lentAbove: Milliamperes?
    private var low: Low?

    /// It has drawn clearly less than it may since a moment, and at most this much.
    private struct Low: Hashable, Sendable {
        var since: MonotonicInstant
        var most: Milliamperes
    }

    /// What a vehicle must leave unused before it is lent.
    private static let slack = Milliamperes.amperes(3)
    /// What a vehicle keeps above what it draws, so that it shows when it wants more.
    private static let margin = Milliamperes.amperes(2)
    /// As near to its share as this, a vehicle is held down by it.
    private static let near = Milliamperes.amperes(1)
    /// A phase with less than this carries nothing but noise.
    private static let noise = Milliamperes(500)

    init(_ member: FuseGroupConfiguration.Member, lendingAfter: Duration) {
        self.member = member
        self.lendingAfter = lendingAfter
    }

    /// - Parameter share: What it is allowed now; nil while it is held at what it was found at.
    mutating func reported(
        _ report: MemberReport, share: Milliamperes?, at now: MonotonicInstant
    ) {
        let wanted = min(report.wanted ?? .zero, member.maximum)
        guard report.snapshot.link == .up else {
            // Whoever cannot be told gets no more than it has.
            cap = min(wanted, share ?? .zero)
            if cap < member.minimum { kind = .nothing }
            return
        }
        watch(report.snapshot, share: share ?? .zero, at: now)
        guard wanted >= member.minimum else {
            kind = .nothing
            cap = .zero
            return
        }
        if report.snapshot.pilot.value?.isVehicleConnected == false {
            kind = .spare
            cap = member.minimum
        } else if let lentAbove, lentAbove <= Self.margin {
            kind = .asleep
            cap = member.minimum
        } else {
            kind = .wants
            cap = min(wanted, lentAbove.map { max($0, member.minimum) } ?? wanted)
        }
    }

    /// Compares what it draws with what it may.
    private mutating func watch(
        _ snapshot: ChargerSnapshot, share: Milliamperes, at now: MonotonicInstant
    ) {
        guard share > .zero, let drawn = drawn(snapshot) else {
            low = nil
            lentAbove = nil
            return
        }
        if drawn + Self.near >= share || (drawn > Self.noise && kind == .asleep) {
            low = nil
            lentAbove = nil
        } else if drawn + Self.slack > share, drawn > Self.noise {
            low = nil
        } else {
            let most = max(low?.most ?? .zero, drawn)
            let since = low?.since ?? now
            low = Low(since: since, most: most)
            if since.duration(to: now) >= lendingAfter {
                lentAbove = most > Self.noise ? most + Self.margin : .zero
            }
        }
    }

    /// The most that flows on a phase; nil where that is not measured.
    private func drawn(_ snapshot: ChargerSnapshot) -> Milliamperes? {
        guard let pilot = snapshot.pilot.value else { return nil }
        guard pilot.isDrawing else { return pilot.isVehicleConnected == true ? .zero : nil }
        return snapshot.currents.compactMap(\.value).max()
    }
}
