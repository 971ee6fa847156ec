import ChargeModel

/// A clock that stands until a test moves it.
///
/// Code under test that runs on the clock's ``executor`` is given all the real time it needs before
/// virtual time passes: ``advance(by:)`` waits until nothing can run any more (all of it sleeps, or
/// waits for something that the test holds), moves to the next deadline, wakes who sleeps until
/// then, and so on. So a test never yields and hopes, and a run is the same every time.
package final class ManualClock: AgentClock {
    fileprivate struct Sleeper {
        var id: UInt64
        var deadline: MonotonicInstant
        var continuation: CheckedContinuation<Void, any Error>
    }

    fileprivate struct State {
        var now: TimePoint
        var sleepers: [Sleeper] = []
        var nextID: UInt64 = 0
        /// What passes with every reading.
        var drift: Duration = .zero
    }

    package let executor = QuiescentExecutor()
    private let state: Locked<State>

    /// - Parameter start: 2026-06-02 12:00:00 UTC, and an hour after boot.
    package init(
        start: TimePoint = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 3_600_000_000_000),
            wall: WallInstant(milliseconds: 1_780_401_600_000))
    ) {
        state = Locked(State(now: start))
    }

    /// Runs `body`, and every task that it starts, on the clock's executor.
    package func run<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        try await withTaskExecutorPreference(executor, operation: body)
    }

    package func now() -> TimePoint {
        state.withLock { state in
            defer { state.now = state.now.advanced(by: state.drift) }
            return state.now
        }
    }

    package func sleep(until deadline: MonotonicInstant) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver: Bool? = state.withLock { state in
                    // Inside of the lock, so that a cancellation finds the sleeper or is seen here.
                    if Task.isCancelled { return true }
                    if deadline <= state.now.monotonic { return false }
                    state.sleepers.append(
                        Sleeper(id: id, deadline: deadline, continuation: continuation))
                    return nil
                }
                switch isOver {
                case true?: continuation.resume(throwing: CancellationError())
                case false?: continuation.resume()
                case nil: break
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    return nil
                }
                return state.sleepers.remove(at: place)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    // MARK: - What a test does with it

    /// Waits until nothing can run without time passing.
    package func settle() async {
        await executor.untilQuiet()
    }

    /// Lets time pass, waking each sleeper at its own instant, in the order of the deadlines (of one
    /// instant, in the order in which they fell asleep). Everything has settled before and after.
    package func advance(by duration: Duration) async {
        await settle()
        let end = state.withLock { $0.now.monotonic.advanced(by: duration) }
        while let sleeper = nextSleeper(until: end) {
            sleeper.resume()
            await settle()
        }
        state.withLock { $0.move(to: end) }
        await settle()
    }

    /// Lets time pass in one leap, as when the machine was busy or asleep: all who slept up to then
    /// wake late.
    package func leap(by duration: Duration) async {
        await settle()
        let woken = state.withLock { state -> [Sleeper] in
            let end = state.now.monotonic.advanced(by: duration)
            state.move(to: end)
            defer { state.sleepers.removeAll { $0.deadline <= end } }
            return state.sleepers.filter { $0.deadline <= end }
        }
        for sleeper in woken { sleeper.continuation.resume() }
        await settle()
    }

    /// Steps the civil clock alone.
    package func stepWall(by duration: Duration) {
        state.withLock { $0.now.wall = $0.now.wall.advanced(by: duration) }
    }

    /// From now on every reading of the clock takes this long, as with a real one no two are equal.
    package func drift(by duration: Duration) {
        state.withLock { $0.drift = duration }
    }

    /// Until when somebody sleeps, in order.
    package var deadlines: [MonotonicInstant] {
        state.withLock { $0.sleepers.map(\.deadline).sorted() }
    }

    private func nextSleeper(
        until end: MonotonicInstant
    ) -> CheckedContinuation<Void, any Error>? {
        state.withLock { state in
            let next = state.sleepers.indices.min {
                (state.sleepers[$0].deadline, state.sleepers[$0].id)
                    < (state.sleepers[$1].deadline, state.sleepers[$1].id)
            }
            guard let next, state.sleepers[next].deadline <= end else { return nil }
            let sleeper = state.sleepers.remove(at: next)
            state.move(to: sleeper.deadline)
            return sleeper.continuation
        }
    }
}

extension ManualClock.State {
    fileprivate mutating func move(to instant: MonotonicInstant) {
        // With drift the clock may be further already.
        let step = now.monotonic.duration(to: instant)
        if step > .zero { now = now.advanced(by: step) }
    }
}
