import ChargeModel
import Synchronization

/// How often clients may ask (requirement R33).
final class RequestBudgets: Sendable {
    private let failedAuthentications: Mutex<RateLimiter>
    private let requests: Mutex<RateLimiter>

    init(_ limits: AgentRouter.Limits) {
        failedAuthentications = Mutex(
            RateLimiter(
                ratePerSecond: Double(limits.failedAuthenticationsPerMinute) / 60,
                burst: limits.failedAuthenticationsPerMinute, maximumKeys: 1024))
        requests = Mutex(
            RateLimiter(
                ratePerSecond: Double(limits.requestsPerSecond), burst: limits.requestBurst,
                maximumKeys: 1024))
    }

    /// Counts a failed authentication. A source that has too many is told so instead of what was
    /// wrong. A good key from the same address still passes: a flood of bad ones must not keep its
    /// neighbour from stopping a charger.
    func failAuthentication(of peer: String, at now: MonotonicInstant) throws(APIError) {
        let verdict = failedAuthentications.withLock { $0.take(peer, at: now) }
        guard case .refused(let delay) = verdict else { return }
        throw APIError.retryable(
            .rateLimitExceeded, "too many requests without a valid key; try again later",
            after: delay, reason: "failed_authentication")
    }

    func spend(_ keyID: String, at now: MonotonicInstant) throws(APIError) {
        let verdict = requests.withLock { $0.take(keyID, at: now) }
        guard case .refused(let delay) = verdict else { return }
        throw APIError.retryable(
            .rateLimitExceeded, "too many requests with this key; slow down",
            after: delay, reason: "request_rate")
    }
}
