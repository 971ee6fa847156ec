import ChargeModel

/// Watches whether the vehicle keeps to what is offered, and whether it stops when it is told to.
///
/// ```
/// measure   what is seen                                   next      what it does
/// none      more than (limit + 0.5 A) x 1.10 for 7 s       reduced   no more than the minimum
/// none      the same with the minimum in force             paused    0 A
/// reduced   the same again                                 paused    0 A
/// any       the vehicle is unplugged                       none      everything allowed again
/// any       more than 1 A while 0 A is in force for 10 s   as it is  a condition while it lasts
/// ```
/// A limit that was lowered counts as the higher one for 5 s more. The step to 0 A waits where only
/// the measured currents tell whether a limit is in force: there the wallbox may have ignored it, and
/// is told three times first (requirement R8).
///
/// Source: requirement R10; EVerest's supervision of over-currents has the same figures.
struct VehicleWatch: Hashable, Codable, Sendable {
    /// What is done about a vehicle that takes more than it may.
    enum Measure: Hashable, Codable, Sendable {
        case none, reduced, paused
    }

    private(set) var measure = Measure.none
    /// Whether current flows though 0 A has been in force for long enough.
    private(set) var flowsAfterStop = false
    private var exceedingSince: MonotonicInstant?
    private var flowingSince: MonotonicInstant?
    private var lastInForce: Milliamperes?
    /// Higher limits from before, which the vehicle may not know yet to be over.
    private var former: [Former] = []
    private let minimum: Milliamperes

    private struct Former: Hashable, Codable, Sendable {
        var limit: Milliamperes
        var until: MonotonicInstant
    }

    /// What is seen in one poll.
    struct Sight: Hashable, Codable, Sendable {
        var isConnected: Bool?
        /// What the wallbox offers; 0 when it is off. nil while unknown.
        var inForce: Milliamperes?
        /// Whether nothing is left to do but to stop, where a vehicle exceeds the limit in force.
        var isInForceForSure: Bool
        /// The most of any phase; nil where nothing is measured.
        var measured: Milliamperes?
    }

    private static let patience: Duration = .seconds(7)
    /// A wallbox may signal a lower limit so much later (IEC 61851-1, interval of the duty cycle).
    private static let signalling: Duration = .seconds(5)
    private static let stopPatience: Duration = .seconds(10)
    /// More reductions than this within ``signalling`` are not remembered.
    private static let mostFormer = 16

    init(minimum: Milliamperes) {
        self.minimum = minimum
    }

    mutating func polled(_ sight: Sight, at now: MonotonicInstant) {
        if sight.isConnected == false { self = VehicleWatch(minimum: minimum) }
        guard let inForce = sight.inForce, let measured = sight.measured else {
            exceedingSince = nil
            flowingSince = nil
            return
        }
        if inForce > .zero {
            flowsAfterStop = false
            flowingSince = nil
            watchLimit(inForce, isForSure: sight.isInForceForSure, measured, at: now)
        } else {
            forgetLimits()
            watchStop(measured, at: now)
        }
    }

    /// The link was lost: nobody knows what flowed meanwhile. What was decided stays.
    mutating func contactLost() {
        forgetLimits()
        flowingSince = nil
    }

    private mutating func forgetLimits() {
        exceedingSince = nil
        lastInForce = nil
        former = []
    }

    private mutating func watchLimit(
        _ inForce: Milliamperes, isForSure: Bool, _ measured: Milliamperes,
        at now: MonotonicInstant
    ) {
        guard measured.rawValue > (known(inForce, at: now).rawValue + 500) * 11 / 10 else {
            exceedingSince = nil
            return
        }
        let since = exceedingSince ?? now
        exceedingSince = since
        guard since.duration(to: now) >= Self.patience else { return }
        if measure == .none, inForce > minimum {
            measure = .reduced
            exceedingSince = nil
        } else if isForSure {
            measure = .paused
        }
    }

    /// The highest limit that the vehicle may go by.
    private mutating func known(
        _ inForce: Milliamperes, at now: MonotonicInstant
    ) -> Milliamperes {
        former.removeAll { now >= $0.until }
        if let lastInForce, lastInForce > inForce, former.count < Self.mostFormer {
            former.append(
                Former(limit: lastInForce, until: now.advanced(by: Self.signalling)))
        }
        lastInForce = inForce
        return max(inForce, former.map(\.limit).max() ?? inForce)
    }

    private mutating func watchStop(_ measured: Milliamperes, at now: MonotonicInstant) {
        guard measured > .meterNoise else {
            flowsAfterStop = false
            flowingSince = nil
            return
        }
        let since = flowingSince ?? now
        flowingSince = since
        flowsAfterStop = since.duration(to: now) >= Self.stopPatience
    }

    /// No more than the measure allows.
    func pass(_ limit: Milliamperes) -> Milliamperes {
        switch measure {
        case .none: limit
        case .reduced: min(limit, minimum)
        case .paused: .zero
        }
    }
}
