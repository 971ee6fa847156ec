import AgentTestSupport
import Testing

/// What these tests rest on: that the end of a program is seen when it ends.
@Suite(.timeLimit(.minutes(2)))
struct ChildProcessTests {
    /// Starts of programs overlap, as they do where tests run side by side.
    @Test func theEndOfOneProgramDoesNotWaitForAnother() async throws {
        let short = Locked<[ChildProcess]>([])
        let long = Locked<[ChildProcess]>([])
        let failures = Locked<[String]>([])
        for thread in 0..<16 {
            TestThread.start {
                for _ in 0..<10 {
                    do {
                        if thread.isMultiple(of: 2) {
                            let process = try ChildProcess("sleep", ["50"])
                            long.withLock { $0.append(process) }
                        } else {
                            let process = try ChildProcess("true", [])
                            short.withLock { $0.append(process) }
                        }
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        try await wait(until: "all are started") {
            short.withLock { $0.count } + long.withLock { $0.count }
                + failures.withLock { $0.count } == 160
        }
        #expect(failures.withLock { $0 } == [])
        for process in short.withLock({ $0 }) {
            #expect(try await process.exit(within: .seconds(20)).code == 0)
        }
        // Those that go on were there all the while.
        #expect(long.withLock { $0 }.count == 80)
        #expect(short.withLock { $0 }.count == 80)
    }
}
