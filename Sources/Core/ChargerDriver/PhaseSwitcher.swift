import ChargeModel
import DeviceProfiles

/// Switches a wallbox between one phase and three: never under load, and seldom.
///
/// ```
/// state      event                                      next       what it does
/// steady     other phases wanted than shown, and it is  stopping   0 A is the goal from here on
///            600 s since the last attempt
/// stopping   0 A in force, and nothing flows            resting    -
/// stopping   10 s are over                              steady     failure: nothing was switched
/// resting    10 s at 0 A are over                       switching  the steps of the profile
/// resting    something flows, or it is not at 0 A       steady     failure
/// switching  every step confirmed                       verifying  looks what is shown
/// switching  a step refused, given up or broken off     steady     failure
/// verifying  the wanted phases are shown                steady     charging goes on
/// verifying  30 s are over                              steady     failure
/// stopping,  something else is wanted                   steady     charging goes on
///   resting
/// any        the link is lost                           steady     failure if steps had begun
/// ```
/// After a failure it waits 600 s like after a success; after the third in a row for the same phases
/// it gives up until others are wanted. What is charged meanwhile is for others to say, who count with
/// the phases that are shown.
///
/// Source: requirement R11; openWB's procedure has the 10 s, EVerest the pause of 10 s and the 600 s.
struct PhaseSwitcher: Hashable, Codable, Sendable {
    enum State: Hashable, Codable, Sendable {
        case steady
        case stopping(to: Int, since: MonotonicInstant)
        case resting(to: Int, since: MonotonicInstant)
        case switching(to: Int)
        case verifying(to: Int, since: MonotonicInstant)
    }

    /// What a poll tells.
    struct Sight: Hashable, Sendable {
        /// nil: no matter, they stay.
        var wanted: Int?
        var shown: ShownPhases
        /// Whether 0 A is verifiably in force, and nothing flows.
        var isStopped: Bool
        /// Whether nothing else is under way, and the contactor may be used.
        var mayBegin: Bool
    }

    private(set) var state = State.steady
    private var lastAttempt: MonotonicInstant?
    private var failure: Failure?
    /// When charging may go on after a pause that was made for the switch.
    private var endedAt: MonotonicInstant?

    private struct Failure: Hashable, Codable, Sendable {
        var phases: Int
        var reason: String
        var count: Int
    }

    private static let stopTime: Duration = .seconds(10)
    private static let restTime: Duration = .seconds(10)
    /// The longest that a profile of ours waits for the wallbox to say so.
    private static let verifyTime: Duration = .seconds(30)
    private static let hysteresis: Duration = .seconds(600)
    private static let mostFailures = 3
    /// How long the start that follows is part of the switch.
    private static let resumeTime: Duration = .seconds(60)

    /// Whether nothing may be charged for its sake.
    var isPausing: Bool { state != .steady }

    /// The phases that are being switched to.
    var underWay: Int? {
        switch state {
        case .steady: nil
        case .stopping(let to, _), .resting(let to, _), .switching(let to), .verifying(let to, _):
            to
        }
    }

    /// Whether a start now is the end of a switch, and no start of its own.
    func isResuming(at now: MonotonicInstant) -> Bool {
        endedAt.map { $0.duration(to: now) < Self.resumeTime } ?? false
    }

    // MARK: - What happens

    mutating func polled(_ sight: Sight, at now: MonotonicInstant) {
        switch state {
        case .steady: polledSteady(sight, at: now)
        case .stopping(let to, _) where sight.wanted != to,
            .resting(let to, _) where sight.wanted != to:
            end(at: now)
        case .stopping(let to, let since):
            if sight.isStopped {
                state = .resting(to: to, since: now)
            } else if since.duration(to: now) >= Self.stopTime {
                failed("0 A was not in force within 10 s", at: now)
            }
        case .resting:
            if !sight.isStopped { failed("it did not stay at 0 A", at: now) }
        case .switching: break
        case .verifying(let to, let since):
            if sight.shown == .phases(to) {
                failure = nil
                end(at: now)
            } else if since.duration(to: now) >= Self.verifyTime {
                failed("30 s later it shows \(sight.shown.forPeople)", at: now)
            }
        }
    }

    private mutating func polledSteady(_ sight: Sight, at now: MonotonicInstant) {
        guard let wanted = sight.wanted else { return }
        if failure?.phases != wanted || sight.shown == .phases(wanted) { failure = nil }
        guard sight.shown != .phases(wanted), sight.mayBegin, !hasGivenUp else { return }
        if let lastAttempt, lastAttempt.duration(to: now) < Self.hysteresis { return }
        guard sight.shown != .untold else {
            state = .stopping(to: wanted, since: now)
            return failed("it does not show on how many phases it charges", at: now)
        }
        state = .stopping(to: wanted, since: now)
    }

    /// The steps of the profile are being carried out.
    mutating func began(at now: MonotonicInstant) {
        guard case .resting(let to, _) = state else { return }
        state = .switching(to: to)
        lastAttempt = now
    }

    /// All of them were confirmed.
    mutating func switched(at now: MonotonicInstant) {
        guard case .switching(let to) = state else { return }
        state = .verifying(to: to, since: now)
    }

    /// They were refused, given up or broken off.
    mutating func stepsFailed(_ reason: String, at now: MonotonicInstant) {
        guard case .switching = state else { return }
        failed(reason, at: now)
    }

    mutating func contactLost(at now: MonotonicInstant) {
        switch state {
        case .steady: break
        case .stopping, .resting: end(at: now)
        case .switching, .verifying: failed("the link was lost meanwhile", at: now)
        }
    }

    private mutating func failed(_ reason: String, at now: MonotonicInstant) {
        guard let to = underWay else { return }
        let before = failure.map { $0.phases == to ? $0.count : 0 } ?? 0
        failure = Failure(phases: to, reason: reason, count: before + 1)
        lastAttempt = now
        end(at: now)
    }

    private mutating func end(at now: MonotonicInstant) {
        state = .steady
        endedAt = now
    }

    // MARK: - What is due

    /// The phases to switch to now; nil when the steps are not due.
    func due(at now: MonotonicInstant) -> Int? {
        guard case .resting(let to, _) = state, let wake, now >= wake else { return nil }
        return to
    }

    /// When the steps are due; nil when nothing is waited for.
    var wake: MonotonicInstant? {
        guard case .resting(_, let since) = state else { return nil }
        return since.advanced(by: Self.restTime)
    }

    // MARK: - Words

    private var hasGivenUp: Bool { failure.map { $0.count >= Self.mostFailures } ?? false }

    var conditions: [ChargerCondition] {
        if let underWay {
            return [
                .switchingPhases(
                    reason: "charging pauses while the wallbox is switched to \(underWay.phases)")
            ]
        }
        guard let failure else { return [] }
        let next =
            hasGivenUp
            ? "it is not tried again until another number is wanted"
            : "it is tried again after 10 min"
        return [
            .phaseSwitchFailed(
                reason: "the wallbox was not switched to \(failure.phases.phases): "
                    + "\(failure.reason); \(next)")
        ]
    }
}

extension Int {
    /// So many phases, for people.
    fileprivate var phases: String { self == 1 ? "one phase" : "three phases" }
}

extension ShownPhases {
    fileprivate var forPeople: String {
        switch self {
        case .phases(let count): count.phases
        case .other: "neither one phase nor three"
        case .untold: "nothing of its phases"
        }
    }
}
