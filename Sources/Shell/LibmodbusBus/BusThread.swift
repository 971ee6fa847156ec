import CLinux
import Glibc

/// A serial executor with a thread of its own, for an actor whose calls block.
///
/// libmodbus blocks in `select`. On Swift's shared pool, which has as many threads as the machine has
/// cores, a few silent wallboxes would stop every other task of the agent.
///
/// | state    | job enqueued       | queue empty          | `end()`                  |
/// |----------|--------------------|----------------------|--------------------------|
/// | asleep   | starts a thread    | -                    | ended                    |
/// | serving  | wakes the thread   | the thread waits     | the thread drains, ended |
/// | ended    | starts a thread    | the thread ends      | -                        |
///
/// A job is never dropped: one that comes after the end gets a short-lived thread, so that its task
/// can still be told that the bus is shut down. Jobs run in the order of their arrival.
final class BusThread: SerialExecutor {
    private enum Job {
        /// Of the actor whose executor this is.
        case isolated(UnownedJob)
        /// Of a task that prefers this thread.
        case preferring(UnownedJob, BusTaskExecutor)
    }

    private struct State {
        var jobs: [Job] = []
        var isThreadAlive = false
        var isEnded = false
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    private enum Work {
        case batch
        case end(notifying: [CheckedContinuation<Void, Never>])
    }

    /// The thread's name as `top -H` shows it.
    private let name: String
    private let state = Monitor(State())

    init(name: String) {
        self.name = name
    }

    func enqueue(_ job: consuming ExecutorJob) {
        enqueue(.isolated(UnownedJob(job)))
    }

    fileprivate func enqueue(_ job: consuming ExecutorJob, of executor: BusTaskExecutor) {
        enqueue(.preferring(UnownedJob(job), executor))
    }

    private func enqueue(_ job: Job) {
        // The runtime knows this executor without owning it. Once the job can be seen, its task may
        // end, and the last bus with it, before this call has gone on.
        let keeper = Unmanaged.passRetained(self)
        defer { keeper.release() }
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            defer { state.isThreadAlive = true }
            return !state.isThreadAlive
        }
        if needsThread { start() } else { state.signal() }
    }

    /// Lets the thread end as soon as its queue is empty; returns at once.
    func end() {
        state.withLock { $0.isEnded = true }
        state.signal()
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
            if isOver { continuation.resume() } else { state.signal() }
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
        var batch: [Job] = []
        while true {
            batch.removeAll(keepingCapacity: true)
            let work: Work = state.wait { state in
                swap(&batch, &state.jobs)
                if !batch.isEmpty { return .batch }
                guard state.isEnded else { return nil }
                state.isThreadAlive = false
                defer { state.waitingForEnd = [] }
                return .end(notifying: state.waitingForEnd)
            }
            switch work {
            case .batch:
                for job in batch { run(job) }
            case .end(let waiting):
                for continuation in waiting { continuation.resume() }
                return
            }
        }
    }

    private func run(_ job: Job) {
        switch job {
        case .isolated(let job):
            job.runSynchronously(on: asUnownedSerialExecutor())
        case .preferring(let job, let executor):
            job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
    }
}

/// The bus thread for the task that calls the bus all the time: when both are on one thread, a
/// transaction wakes no other thread, neither to begin nor to go on after it.
final class BusTaskExecutor: TaskExecutor {
    private let thread: BusThread

    init(thread: BusThread) {
        self.thread = thread
    }

    func enqueue(_ job: consuming ExecutorJob) {
        thread.enqueue(job, of: self)
    }
}
