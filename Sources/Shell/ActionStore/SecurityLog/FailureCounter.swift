import ChargeModel

/// Keeps a flood of failed authentications from flooding the log: a source is written about at most
/// once a minute, and beyond a number of sources they count as one.
struct FailureCounter {
    /// What is to be written.
    struct Report: Hashable {
        var source: String
        /// Failures since the last report of the source.
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
        var reportedAt: MonotonicInstant
        /// Failures that are not written yet.
        var waiting = 0
        var lastAt: TimePoint
    }

    private var sources: [Source] = []

    /// - Returns: The report that this failure makes due.
    mutating func failed(_ source: String, at now: TimePoint) -> Report? {
        if !sources.contains(where: { $0.name == source }) {
            forget(at: now)
            guard sources.count < Self.maximumSources || source == Self.others else {
                return failed(Self.others, at: now)
            }
            sources.append(Source(name: source, reportedAt: now.monotonic, lastAt: now))
            return Report(source: source, count: 1, at: now)
        }
        for index in sources.indices where sources[index].name == source {
            sources[index].waiting += 1
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
        return Report(source: source.name, count: source.waiting, at: source.lastAt)
    }

    /// Forgets sources of which nothing is to be said any more.
    private mutating func forget(at now: TimePoint) {
        sources.removeAll {
            $0.waiting == 0 && $0.reportedAt.duration(to: now.monotonic) >= Self.period
        }
    }
}
