import ChargeModel

/// What a rate limit says about one more event.
package enum RateLimitVerdict: Hashable, Sendable {
    case allowed
    /// Over the limit; the next event is allowed after this time.
    case refused(retryAfter: Duration)

    /// The value of a `Retry-After` field: whole seconds, rounded up, at least 1; nil when allowed.
    package var retryAfterSeconds: Int64? {
        guard case .refused(let duration) = self else { return nil }
        return max(1, (duration.nanoseconds + 999_999_999) / 1_000_000_000)
    }
}

/// A token bucket per key: an event takes a token, tokens come back at a steady rate up to a burst.
///
/// Kept as one instant per key, at which its bucket is full again (the form known as GCRA), so it is
/// exact in whole nanoseconds and needs no timer. Time is an argument.
///
/// At most ``maximumKeys`` keys are remembered. Policy when a new key comes and there is no room:
/// *fullest first*. Keys whose bucket is full again are forgotten, which changes nothing; when there
/// are none, the key with the least to wait is. A key that is being refused is the last to go, so a
/// flood from many sources does not free the one that is being held off.
package struct RateLimiter: Sendable {
    /// Time for one token to come back.
    private let interval: Int64
    /// Tokens a full bucket holds.
    private let burst: Int64
    /// Keys that are remembered at most.
    package let maximumKeys: Int
    /// When the bucket of a key is full again; a key that is absent has a full bucket.
    private var fullAt: [String: MonotonicInstant] = [:]

    /// A limit of `count` events in `period` after a burst of `burst`.
    ///
    /// - Precondition: all figures are positive.
    package init(count: Int, per period: Duration, burst: Int, maximumKeys: Int = 1024) {
        precondition(count > 0 && burst > 0 && maximumKeys > 0 && period > .zero)
        interval = period.nanoseconds / Int64(count)
        self.burst = Int64(burst)
        self.maximumKeys = maximumKeys
    }

    /// Failed authentications of one source address: 10 a minute (requirement R33).
    package static var failedAuthentications: RateLimiter {
        RateLimiter(count: 10, per: .seconds(60), burst: 10)
    }

    /// Requests of one API key: 20 a second after a burst of 40 (requirement R33).
    package static var requestsOfAKey: RateLimiter {
        RateLimiter(count: 20, per: .seconds(1), burst: 40)
    }

    /// Keys that are remembered now.
    package var trackedKeys: Int { fullAt.count }

    /// Takes a token, or says how long until there is one. A refusal takes nothing.
    package mutating func take(_ key: String, at now: MonotonicInstant) -> RateLimitVerdict {
        let verdict = verdict(on: key, at: now)
        guard verdict == .allowed else { return verdict }
        let isNew = fullAt[key] == nil
        if isNew && fullAt.count >= maximumKeys { forget(at: now) }
        fullAt[key] = max(fullAt[key] ?? now, now).advanced(by: .nanoseconds(interval))
        return .allowed
    }

    /// What ``take(_:at:)`` would say, taking nothing. For failures, which count only once they have
    /// happened: ask before the attempt, take after it has failed.
    package func verdict(on key: String, at now: MonotonicInstant) -> RateLimitVerdict {
        guard let fullAt = fullAt[key] else { return .allowed }
        let wait = now.duration(to: fullAt) - .nanoseconds(interval * (burst - 1))
        return wait > .zero ? .refused(retryAfter: wait) : .allowed
    }

    private mutating func forget(at now: MonotonicInstant) {
        fullAt = fullAt.filter { $0.value > now }
        guard fullAt.count >= maximumKeys else { return }
        let fullest = fullAt.min { ($0.value, $0.key) < ($1.value, $1.key) }
        if let fullest { fullAt[fullest.key] = nil }
    }
}
