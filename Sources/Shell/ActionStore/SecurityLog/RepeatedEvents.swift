import ChargeControl
import ChargeModel

/// Keeps what anybody can repeat from flooding the log: of one source is written at most once a
/// minute, and beyond a number of sources they count as one.
struct RepeatedEvents {
    /// What is to be written.
    struct Report: Hashable {
        /// The last of them.
        var kind: SecurityEvent.Kind
        /// How many there were since the last report of the source.
        var count: Int
        /// When the last of them was.
        var at: TimePoint
    }

    static let period = Duration.seconds(60)
    /// At most these many lines a minute, and one for all others.
    static let maximumSources = 16
    static let others = "other sources"

    private struct Source {
        var name: String
        var kind: SecurityEvent.Kind
        var reportedAt: MonotonicInstant
        /// How many are not written yet.
        var waiting = 0
        var lastAt: TimePoint
    }

    private var sources: [Source] = []

    /// - Returns: The report that this one makes due.
    mutating func happened(
        _ kind: SecurityEvent.Kind, from source: String, at now: TimePoint
    ) -> Report? {
        if !sources.contains(where: { $0.name == source }) {
            forget(at: now)
            guard sources.count < Self.maximumSources || source == Self.others else {
                return happened(kind.fromOthers, from: Self.others, at: now)
            }
            sources.append(
                Source(name: source, kind: kind, reportedAt: now.monotonic, lastAt: now))
            return Report(kind: kind, count: 1, at: now)
        }
        for index in sources.indices where sources[index].name == source {
            sources[index].waiting += 1
            sources[index].kind = kind
            sources[index].lastAt = now
            return report(of: index, at: now, isForced: false)
        }
        return nil
    }

    /// What has waited for its minute to end, or, `isForced`, all that waits.
    mutating func due(at now: TimePoint, isForced: Bool = false) -> [Report] {
        sources.indices.compactMap { report(of: $0, at: now, isForced: isForced) }
    }

    private mutating func report(of index: Int, at now: TimePoint, isForced: Bool) -> Report? {
        let source = sources[index]
        let isOver = source.reportedAt.duration(to: now.monotonic) >= Self.period
        guard source.waiting > 0, isOver || isForced else { return nil }
        sources[index].waiting = 0
        sources[index].reportedAt = now.monotonic
        return Report(kind: source.kind, count: source.waiting, at: source.lastAt)
    }

    /// Forgets sources of which nothing is to be said any more.
    private mutating func forget(at now: TimePoint) {
        sources.removeAll {
            $0.waiting == 0 && $0.reportedAt.duration(to: now.monotonic) >= Self.period
        }
    }
}

extension SecurityEvent.Kind {
    /// The same when there are too many sources to tell them apart.
    fileprivate var fromOthers: SecurityEvent.Kind {
        switch self {
        case .authenticationFailed: .authenticationFailed(source: RepeatedEvents.others)
        case .limitRefused(_, let reason):
            .limitRefused(charger: ChargerID(RepeatedEvents.others), reason: reason)
        default: self
        }
    }
}
