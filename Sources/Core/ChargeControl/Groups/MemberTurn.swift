import ChargeModel

/// Since when one charger of a group has a place or waits for one, and how often it was stopped and
/// started for the sake of others (requirement R11: contactor wear).
struct MemberTurn: Hashable, Sendable {
    private var state = State.away
    /// When it was stopped for the sake of others, and not started since.
    private var stoppedAt: MonotonicInstant?
    /// Stops and starts of the last hour.
    private var toggles: [MonotonicInstant] = []

    private enum State: Hashable, Sendable {
        case away
        case waits(since: MonotonicInstant)
        case runs(since: MonotonicInstant)
    }

    private static let hour = Duration.seconds(3600)
    private static let maximumToggles = 64

    /// It needs no place.
    mutating func leave() {
        state = .away
        // What comes next is somebody's wish.
        stoppedAt = nil
    }

    /// - Returns: Since when it has its place.
    mutating func runs(at now: MonotonicInstant) -> MonotonicInstant {
        if case .runs(let since) = state { return since }
        state = .runs(since: now)
        return now
    }

    /// - Returns: Since when it waits.
    mutating func waits(at now: MonotonicInstant) -> MonotonicInstant {
        if case .waits(let since) = state { return since }
        state = .waits(since: now)
        return now
    }

    mutating func started(at now: MonotonicInstant) {
        if stoppedAt != nil { note(now) }
        stoppedAt = nil
        state = .runs(since: now)
    }

    mutating func stopped(isForOthers: Bool, at now: MonotonicInstant) {
        guard isForOthers else { return leave() }
        note(now)
        stoppedAt = now
        state = .waits(since: now)
    }

    /// Whether it may be given a place now. A stop never waits; a start leaves room for the stop that
    /// follows.
    mutating func mayStart(_ timing: FuseGroupTiming, at now: MonotonicInstant) -> Bool {
        guard let stoppedAt else { return true }
        toggles.removeAll { $0.duration(to: now) >= Self.hour }
        return stoppedAt.duration(to: now) >= timing.toggleInterval
            && toggles.count + 2 <= timing.togglesPerHour
    }

    private mutating func note(_ now: MonotonicInstant) {
        toggles.append(now)
        if toggles.count > Self.maximumToggles { toggles.removeFirst() }
    }
}
