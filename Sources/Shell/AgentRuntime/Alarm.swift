import ChargeModel
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Wakes the one task that waits: when it is rung, or at a time. A ring while nobody waits is kept;
/// several count as one. It may ring for nothing: who wakes looks what is due.
///
/// NIO's lock and not `Synchronization.Mutex`, here and elsewhere in this target: under contention
/// ThreadSanitizer does not see the latter's lock on Linux.
final class Alarm: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
        /// When the timers that run will ring. A new one is always earlier than all of them.
        var timers: [MonotonicInstant] = []
    }

    private let state = NIOLockedValueBox(State())
    private let clock: any AgentClock

    init(clock: any AgentClock) {
        self.clock = clock
    }

    func ring() {
        let waiter = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Waits for a ring, or for the end of the task.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLockedValue { state -> Bool in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    precondition(state.waiter == nil, "two tasks wait for one alarm")
                    state.waiter = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLockedValue { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    /// Waits for a ring, but not beyond the deadline.
    ///
    /// - Parameter timers: Where the task lives that rings at the deadline. It outlives this call, so
    ///   that a ring wakes the waiting task directly, with no other task to be ended first; a later
    ///   wait for the same time or a later one uses it again.
    func wait(until deadline: MonotonicInstant, timers: inout DiscardingTaskGroup) async {
        let needsTimer = state.withLockedValue { state -> Bool in
            guard state.timers.allSatisfy({ $0 > deadline }) else { return false }
            state.timers.append(deadline)
            return true
        }
        if needsTimer { timers.addTask { await self.ring(at: deadline) } }
        await wait()
    }

    /// Waits for a ring, but not beyond the deadline.
    func wait(until deadline: MonotonicInstant) async {
        await withDiscardingTaskGroup { timers in
            await wait(until: deadline, timers: &timers)
            timers.cancelAll()
        }
    }

    /// Waits until this task is asked to end: by graceful shutdown or by cancellation.
    static func waitForEnd(clock: any AgentClock) async {
        let alarm = Alarm(clock: clock)
        await withTaskCancellationOrGracefulShutdownHandler {
            await alarm.wait()
        } onCancelOrGracefulShutdown: {
            alarm.ring()
        }
    }

    private func ring(at deadline: MonotonicInstant) async {
        do {
            try await clock.sleep(until: deadline)
        } catch {
            // Cancelled: nobody waits any more, and a ring for nothing does no harm.
        }
        state.withLockedValue { state in
            if let timer = state.timers.firstIndex(of: deadline) { state.timers.remove(at: timer) }
        }
        ring()
    }
}
