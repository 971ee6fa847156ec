import AgentTestSupport
import ChargeModel
import Testing

@testable import AgentAPI

/// R33: failed authentications per source, requests per key.
@Suite struct RateLimiterTests {
    private let start = MonotonicInstant(nanoseconds: 7_000_000_000)

    @Test func r33_tenFailuresOfASourceThenNoMore() {
        var limiter = RateLimiter.failedAuthentications
        for _ in 1...10 { #expect(limiter.take("a", at: start) == .allowed) }
        #expect(limiter.take("a", at: start) == .refused(retryAfter: .seconds(6)))
        #expect(limiter.take("b", at: start) == .allowed)
        let later = start.advanced(by: .milliseconds(5999))
        #expect(limiter.take("a", at: later) == .refused(retryAfter: .milliseconds(1)))
        #expect(limiter.take("a", at: start.advanced(by: .seconds(6))) == .allowed)
        #expect(limiter.take("a", at: start.advanced(by: .seconds(6))) != .allowed)
    }

    @Test func r33_twentyRequestsASecondAfterABurstOfForty() {
        var limiter = RateLimiter.requestsOfAKey
        var allowed = 0
        for millisecond in 0..<10_000 {
            let now = start.advanced(by: .milliseconds(millisecond))
            if limiter.take("key", at: now) == .allowed { allowed += 1 }
        }
        #expect(allowed == 40 + 10 * 20 - 1)
    }

    @Test func r33_aSteadyClientWithinTheRateIsNeverRefused() {
        var limiter = RateLimiter.requestsOfAKey
        for number in 0..<1000 {
            let now = start.advanced(by: .milliseconds(50 * number))
            #expect(limiter.take("key", at: now) == .allowed)
        }
    }

    @Test func askingTakesNothing() {
        var limiter = RateLimiter(count: 1, per: .seconds(1), burst: 1)
        for _ in 1...5 { #expect(limiter.verdict(on: "a", at: start) == .allowed) }
        #expect(limiter.take("a", at: start) == .allowed)
        #expect(limiter.verdict(on: "a", at: start) == .refused(retryAfter: .seconds(1)))
        #expect(limiter.take("a", at: start) == .refused(retryAfter: .seconds(1)))
        #expect(limiter.verdict(on: "a", at: start.advanced(by: .seconds(1))) == .allowed)
    }

    @Test func retryAfterIsRoundedUpToWholeSeconds() {
        #expect(RateLimitVerdict.allowed.retryAfterSeconds == nil)
        let figures: [(Duration, Int64)] = [
            (.nanoseconds(1), 1), (.seconds(1), 1), (.milliseconds(1001), 2), (.seconds(6), 6),
        ]
        for (duration, seconds) in figures {
            #expect(RateLimitVerdict.refused(retryAfter: duration).retryAfterSeconds == seconds)
        }
    }

    @Test func aFloodOfSourcesIsBoundedAndDoesNotFreeTheOneHeldOff() {
        var limiter = RateLimiter(count: 10, per: .seconds(60), burst: 10, maximumKeys: 100)
        for _ in 1...10 { _ = limiter.take("attacker", at: start) }
        for number in 0..<10_000 {
            let now = start.advanced(by: .microseconds(number))
            #expect(limiter.take("source \(number)", at: now) == .allowed)
            #expect(limiter.trackedKeys <= 100)
        }
        #expect(limiter.take("attacker", at: start.advanced(by: .milliseconds(10))) != .allowed)
    }

    @Test func keysWithAFullBucketAreForgottenFirst() {
        var limiter = RateLimiter(count: 1, per: .seconds(1), burst: 1, maximumKeys: 10)
        for number in 0..<10 { _ = limiter.take("\(number)", at: start) }
        _ = limiter.take("new", at: start.advanced(by: .seconds(2)))
        #expect(limiter.trackedKeys == 1)
    }
}
