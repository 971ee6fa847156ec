import AgentRuntime
import AgentTestSupport
import ChargeModel
import Testing

@Suite("Simulated time")
struct ScaledClockTests {
    private let origin = WallInstant(milliseconds: 1_780_257_600_000)
    private let anchor = WallInstant(milliseconds: 1_780_401_600_000)

    @Test func aNightPassesInAMinute() async {
        let real = ManualClock()
        let time = SimulatedTime(origin: origin, anchor: real.now().wall, scale: 480)
        let clock = ScaledClock(time, over: real)
        let start = clock.now()
        #expect(start.wall == origin)
        await real.run { await real.advance(by: .seconds(60)) }
        #expect(start.wall.duration(to: clock.now().wall) == .seconds(8 * 3_600))
        // What guards the wire passes as ever.
        #expect(start.monotonic.duration(to: clock.now().monotonic) == .seconds(60))
    }

    @Test func theMapHasNoState() async {
        let real = ManualClock()
        let time = SimulatedTime(origin: origin, anchor: anchor, scale: 60)
        let first = ScaledClock(time, over: real)
        _ = first.now()
        await real.run { await real.advance(by: .seconds(90)) }
        // A process that begins later, as after a kill, and knows the same three values.
        let second = ScaledClock(time, over: real)
        #expect(first.now() == second.now())
        #expect(second.now().wall == origin.advanced(by: .seconds(90 * 60)))
    }

    @Test func timeBeforeTheAnchorIsBeforeTheOrigin() {
        let time = SimulatedTime(origin: origin, anchor: anchor, scale: 10)
        #expect(
            time.simulated(at: anchor.advanced(by: .seconds(-6)))
                == origin.advanced(by: .seconds(-60)))
    }

    @Test func civilTimeStaysWithinItsYears() {
        let time = SimulatedTime(origin: origin, anchor: anchor, scale: 10_000)
        let century = Duration.seconds(100 * 365 * 86_400)
        #expect(
            time.simulated(at: anchor.advanced(by: century)).milliseconds == 253_402_300_799_999)
        #expect(time.simulated(at: WallInstant(milliseconds: 0)).milliseconds == 0)
    }

    @Test func aSimulatedClockIsTrusted() {
        let now = ScaledClock(
            SimulatedTime(origin: origin, anchor: anchor, scale: 1), over: UntrustedClock()
        ).now()
        #expect(now.isWallTrusted)
        #expect(now.wall == origin)
    }

    @Test func itSleepsInRealTime() async throws {
        let real = ManualClock()
        let clock = ScaledClock(
            SimulatedTime(origin: origin, anchor: anchor, scale: 480), over: real)
        let start = clock.now().monotonic
        let woke = Locked<MonotonicInstant?>(nil)
        try await real.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await clock.sleep(until: start.advanced(by: .seconds(1)))
                    woke.withLock { $0 = clock.now().monotonic }
                }
                await real.advance(by: .milliseconds(999))
                #expect(woke.withLock(\.self) == nil)
                await real.advance(by: .milliseconds(1))
                try await group.waitForAll()
            }
        }
        #expect(woke.withLock(\.self) == start.advanced(by: .seconds(1)))
    }
}

private struct UntrustedClock: AgentClock {
    func now() -> TimePoint {
        TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 1),
            wall: WallInstant(milliseconds: 1_780_401_600_000), isWallTrusted: false)
    }

    func sleep(until deadline: MonotonicInstant) async throws {}
}
