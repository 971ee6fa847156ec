import Dispatch

/// Runs the jobs of tasks one after the other, in the order in which they became runnable, and knows
/// when there are none left.
///
/// A task with this executor preference hands it on to its child tasks and to the actors it calls
/// that have no executor of their own. What runs elsewhere is not seen: ``untilQuiet()`` speaks of
/// this executor alone.
package final class QuiescentExecutor: TaskExecutor {
    private struct State {
        /// Jobs that are queued or running.
        var pending = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queue = DispatchQueue(label: "tests in virtual time")
    private let state = Locked(State())

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.pending += 1 }
        queue.async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            self.jobEnded()
        }
    }

    /// Waits until no task can run: each has ended or waits for something.
    ///
    /// To be called by one task at a time, on this executor.
    package func untilQuiet() async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append(continuation) }
        }
    }

    private func jobEnded() {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.pending -= 1
            guard state.pending == 0, !state.waiting.isEmpty else { return nil }
            return state.waiting.removeFirst()
        }
        continuation?.resume()
    }
}
