import ChargeModel

/// Tells that something is wrong with a charger from now on, to one reader. Of what it has not read
/// yet the newest is kept.
final class FaultBell: Sendable {
    let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let start: MonotonicInstant

    /// What an installation lacks for good is told at first contact: that is no news.
    private static let settling: Duration = .seconds(60)

    init(at now: MonotonicInstant) {
        (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(1))
        start = now
    }

    func began(_ condition: ChargerCondition, of charger: ChargerID, at now: MonotonicInstant) {
        guard condition.isFault || start.duration(to: now) >= Self.settling else { return }
        continuation.yield("\(charger.rawValue): \(condition.code)")
    }

    func close() {
        continuation.finish()
    }
}

extension ChargerCondition {
    /// Whether it is always something that happened, and no trait of an installation.
    fileprivate var isFault: Bool {
        switch self {
        case .writesNotApplied, .competingController, .wrongDevice, .notPrepared, .limitExceeded,
            .currentAfterStop, .vehicleAsleep, .writesHeldBack, .phaseSwitchFailed:
            true
        case .failsafeNotArmed, .wrongConnectors, .phasesNotKnown, .switchingPhases: false
        }
    }
}
