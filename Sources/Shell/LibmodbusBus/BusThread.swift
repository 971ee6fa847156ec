import CLinux
import Glibc
import Synchronization

/// A serial executor with a thread of its own, for an actor whose calls block.
///
/// libmodbus blocks in `select`. On Swift's shared pool, which has as many threads as the machine has
/// cores, a few silent wallboxes would stop every other task of the agent.
///
/// | state    | job enqueued       | queue empty          | `end()`                |
/// |----------|--------------------|----------------------|------------------------|
/// | asleep   | starts a thread    | -                    | ended                  |
/// | serving  | wakes the thread   | the thread waits     | the thread drains, ended |
/// | ended    | starts a thread    | the thread ends      | -                      |
///
/// A job is never dropped: one that comes after the end gets a short-lived thread, so that its task
/// can still be told that the bus is shut down. Jobs run in the order of their arrival.
///
/// Why `@unchecked Sendable` holds: everything that changes is inside `state`, a `Mutex`. The one
/// thing the compiler cannot follow is the pointer `wake`. It is assigned once in `init`, freed once
/// in `deinit`, which cannot run while the thread lives because the thread holds a reference, and
/// what it points at is touched by `sem_post` and `sem_wait` alone, which are made for several threads.
final class BusThread: SerialExecutor, @unchecked Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isThreadAlive = false
        var isEnded = false
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    /// The thread's name as `top -H` shows it.
    private let name: String
    private let state = Mutex(State())
    private let wake: UnsafeMutablePointer<sem_t>

    init(name: String) {
        self.name = name
        wake = .allocate(capacity: 1)
        wake.initialize(to: sem_t())
        sem_init(wake, 0, 0)
    }

    deinit {
        sem_destroy(wake)
        wake.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            defer { state.isThreadAlive = true }
            return !state.isThreadAlive
        }
        if needsThread { start() }
        sem_post(wake)
    }

    /// Lets the thread end as soon as its queue is empty; returns at once.
    func end() {
        state.withLock { $0.isEnded = true }
        sem_post(wake)
    }

    /// Lets the thread end as soon as its queue is empty, and returns when it has.
    ///
    /// To be called from another executor.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.isEnded = true
                if state.isThreadAlive { state.waitingForEnd.append(continuation) }
                return !state.isThreadAlive
            }
            if isOver { continuation.resume() } else { sem_post(wake) }
        }
    }

    // MARK: - The thread

    private func start() {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let bus = Unmanaged<BusThread>.fromOpaque(context).takeRetainedValue()
                evse_name_thread(bus.name)
                bus.serve()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        // Without its thread a bus can neither work nor say so. Ending is the safe way out: the
        // service manager starts the agent anew, and the wallboxes fall back by themselves.
        precondition(code == 0, "no thread for bus \(name): pthread_create says \(code)")
        pthread_detach(thread)
    }

    private func serve() {
        var batch: [UnownedJob] = []
        while true {
            batch.removeAll(keepingCapacity: true)
            let waitingForEnd: [CheckedContinuation<Void, Never>]? = state.withLock { state in
                swap(&batch, &state.jobs)
                guard batch.isEmpty, state.isEnded else { return nil }
                state.isThreadAlive = false
                defer { state.waitingForEnd = [] }
                return state.waitingForEnd
            }
            if let waitingForEnd {
                for continuation in waitingForEnd { continuation.resume() }
                return
            }
            if batch.isEmpty {
                // Interrupted by a signal or woken for a job already done: look again.
                sem_wait(wake)
            }
            for job in batch {
                job.runSynchronously(on: asUnownedSerialExecutor())
            }
        }
    }
}
