import AgentTestSupport
import ChargeModel
import Testing

@testable import AgentRuntime

@Suite struct AlarmTests {
    @Test func ringWhileNobodyWaitsIsKeptAndSeveralCountAsOne() async {
        let clock = ManualClock()
        await clock.run {
            let alarm = Alarm(clock: clock)
            alarm.ring()
            alarm.ring()
            await alarm.wait()
            let woken = Locked(0)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await alarm.wait()
                    woken.withLock { $0 += 1 }
                }
                await clock.settle()
                #expect(woken.withLock { $0 } == 0)
                alarm.ring()
            }
            #expect(woken.withLock { $0 } == 1)
        }
    }

    @Test func waitEndsAtItsDeadlineAndARingDoesNotWaitForIt() async {
        let clock = ManualClock()
        await clock.run {
            let alarm = Alarm(clock: clock)
            let start = clock.now().monotonic
            let woken = Locked<[Duration]>([])
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withDiscardingTaskGroup { timers in
                        for second in [5, 5, 3, 20] {
                            let deadline = start.advanced(by: .seconds(second))
                            await alarm.wait(until: deadline, timers: &timers)
                            woken.withLock { $0.append(start.duration(to: clock.now().monotonic)) }
                        }
                        timers.cancelAll()
                    }
                }
                await clock.advance(by: .seconds(1))
                alarm.ring()
                await clock.settle()
                #expect(woken.withLock { $0 } == [.seconds(1)])
                #expect(clock.deadlines.count == 1, "the timer is used again")
                alarm.ring()
                await clock.settle()
                #expect(clock.deadlines.count == 2, "an earlier deadline needs its own")
                await clock.advance(by: .seconds(3))
                #expect(woken.withLock { $0 } == [.seconds(1), .seconds(1), .seconds(3)])
                await clock.advance(by: .seconds(30))
            }
            // The timer for 5 s rang for nothing while the wait was until 20 s: whoever waits looks.
            #expect(woken.withLock { $0.last } == .seconds(5))
            #expect(clock.deadlines == [])
        }
    }

    @Test func waitEndsWithItsTask() async {
        let clock = ManualClock()
        await clock.run {
            let alarm = Alarm(clock: clock)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await alarm.wait() }
                await clock.settle()
                group.cancelAll()
            }
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask { await alarm.wait() }
                group.addTask { await Alarm(clock: clock).wait(until: .init(nanoseconds: .max)) }
            }
        }
    }

    /// On the pool of threads: no ring is lost, whenever it comes.
    @Test func noRingIsLost() async {
        let alarm = Alarm(clock: ManualClock())
        let done = Alarm(clock: ManualClock())
        let count = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<20_000 {
                    await alarm.wait()
                    count.withLock { $0 += 1 }
                    done.ring()
                }
            }
            group.addTask {
                for _ in 0..<20_000 {
                    alarm.ring()
                    await done.wait()
                }
            }
        }
        #expect(count.withLock { $0 } == 20_000)
    }
}
