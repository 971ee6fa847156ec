/// A value from a wire: captured at a moment, or absent for a reason. Never a bare number, so that
/// zero is only ever a measurement.
package enum Reading<Value: Hashable & Sendable>: Hashable, Sendable {
    case captured(Value, at: TimePoint)
    case absent(Absence)

    /// The last captured value, however old.
    @inlinable package var value: Value? {
        guard case .captured(let value, _) = self else { return nil }
        return value
    }

    @inlinable package var capturedAt: TimePoint? {
        guard case .captured(_, let time) = self else { return nil }
        return time
    }

    /// The value if it was captured no longer than `age` before `now`.
    package func value(notOlderThan age: Duration, at now: TimePoint) -> Value? {
        guard case .captured(let value, let time) = self,
            time.monotonic.duration(to: now.monotonic) <= age
        else { return nil }
        return value
    }

    @inlinable package func map<Other: Hashable & Sendable>(
        _ transform: (Value) -> Other
    ) -> Reading<Other> {
        switch self {
        case .captured(let value, let time): .captured(transform(value), at: time)
        case .absent(let reason): .absent(reason)
        }
    }
}

extension Reading: Codable where Value: Codable {}

/// Why there is no value.
package enum Absence: String, Hashable, Codable, Sendable {
    /// Nothing has been read yet.
    case notYetRead = "not yet read"
    /// The wallbox has no such register.
    case notProvided = "not provided by this wallbox"
    /// The register can be written and not read.
    case writeOnly = "write-only register"
    /// The wallbox says that it has no value now (a sentinel, or NaN).
    case notAvailable = "the wallbox reports no value"
    /// What was read is outside of what the profile knows.
    case implausible = "implausible value"
    /// The wallbox refused the register.
    case refused = "refused by the wallbox"
}

/// How recent what we know of a wallbox is. The words are those of the API's `metadata.source`.
package enum Freshness: String, Hashable, Sendable {
    /// Read no longer than 1.5 polls ago.
    case live
    /// Between the two.
    case cache
    /// Older than both 3 polls and 10 s, or never read.
    case fallback

    /// - Parameters:
    ///   - lastPoll: When the wallbox was last read successfully.
    ///   - poll: The effective poll period: what is configured, or what the profile allows if longer.
    package init(lastPoll: MonotonicInstant?, now: MonotonicInstant, poll: Duration) {
        guard let lastPoll else {
            self = .fallback
            return
        }
        let age = lastPoll.duration(to: now)
        if age <= poll * 1.5 {
            self = .live
        } else if age > Self.fallbackAge(poll: poll) {
            self = .fallback
        } else {
            self = .cache
        }
    }

    /// The age from which a value is called stale: max(3 polls, 10 s) (requirement R26).
    package static func fallbackAge(poll: Duration) -> Duration {
        max(poll * 3, .seconds(10))
    }
}
