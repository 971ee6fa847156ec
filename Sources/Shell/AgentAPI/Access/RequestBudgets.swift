import ChargeModel
import Synchronization

/// How often clients may ask (requirement R33).
final class RequestBudgets: Sendable {
    private let failedAuthentications: Mutex<RateLimiter>
    private let requests: Mutex<RateLimiter>

    init(_ limits: AgentRouter.Limits) {
        failedAuthentications = Mutex(limits.failedAuthentications)
        requests = Mutex(limits.requestsOfAKey)
    }

    /// Counts a failed authentication. A source that has too many is told so instead of what was
    /// wrong. A good key from the same address still passes: a flood of bad ones must not keep its
    /// neighbour from stopping a charger.
    func failAuthentication(of source: String, at now: MonotonicInstant) throws(APIError) {
        let verdict = failedAuthentications.withLock { $0.take(source, at: now) }
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
