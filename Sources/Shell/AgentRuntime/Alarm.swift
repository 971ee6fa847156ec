import ChargeModel
import Synchronization

/// Wakes the one task that waits: at a time, or earlier when it is rung. A ring while nobody waits is
/// kept; several count as one.
final class Alarm: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let clock: any AgentClock

    init(clock: any AgentClock) {
        self.clock = clock
    }

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
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
                let isDue = state.withLock { state -> Bool in
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
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    /// Waits for a ring, but not beyond the deadline.
    func wait(until deadline: MonotonicInstant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { [clock] in
                do {
                    try await clock.sleep(until: deadline)
                } catch {
                    // Cancelled: the ring came first, or the task ends.
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
