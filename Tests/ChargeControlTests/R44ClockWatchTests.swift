import ChargeControl
import ChargeModel
import Testing

@Suite("R44: steps of the clock")
struct R44ClockWatchTests {
    /// Both clocks, and what a look every second finds.
    private struct Bench {
        var now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000),
            wall: WallInstant(milliseconds: 1_780_000_000_000))
        var watch: ClockWatch
        var told: [Duration] = []

        init() {
            watch = ClockWatch(at: now)
        }

        mutating func look(times: Int = 1, every pause: Duration = .seconds(1)) {
            for _ in 0..<times {
                now = now.advanced(by: pause)
                if let step = watch.look(at: now) { told.append(step) }
            }
        }

        mutating func step(by duration: Duration) {
            now.wall = now.wall.advanced(by: duration)
        }
    }

    @Test(arguments: [-315_360_000_000, -86_400_000, -1_000, -500, 500, 1_000, 315_360_000_000])
    func r44_aStepIsToldOnceWithinTwoSeconds(milliseconds: Int) {
        var bench = Bench()
        bench.look(times: 10)
        bench.step(by: .milliseconds(milliseconds))
        bench.look(times: 2)
        #expect(bench.told == [.milliseconds(milliseconds)])
        bench.look(times: 1_000)
        #expect(bench.told.count == 1)
    }

    @Test func whatIsNoStepIsNotTold() {
        var bench = Bench()
        for _ in 0..<1_000 {
            // A clock that runs a third of a second ahead in each second, and pauses of any length.
            bench.step(by: .milliseconds(333))
            bench.look()
            bench.look(every: .seconds(3_600))
        }
        #expect(bench.told == [])
    }

    @Test func aReadingThatWasHeldUpIsNoStep() {
        var bench = Bench()
        bench.look()
        // The program was stopped between its two readings: the next pair is right again.
        bench.step(by: .seconds(-40))
        bench.look()
        bench.step(by: .seconds(40))
        bench.look(times: 100)
        #expect(bench.told == [])
    }

    @Test func r44_aClockThatIsSetAgainAndAgainIsToldOnceAMinute() {
        var bench = Bench()
        for _ in 0..<600 {
            bench.step(by: .seconds(10))
            bench.look()
        }
        // One that never stands still is told when it does.
        #expect(bench.told.count <= 10)
        bench.look(times: 120)
        #expect(bench.told.reduce(.zero, +) == .seconds(6_000), "none is forgotten")
        #expect(bench.told.count <= 11)
    }

    @Test func r44_thereAndBackAreTwo() {
        var bench = Bench()
        bench.step(by: .seconds(3_600))
        bench.look(times: 5)
        bench.step(by: .seconds(-3_600))
        bench.look(times: 59)
        #expect(bench.told == [.seconds(3_600), .seconds(-3_600)])
    }
}
