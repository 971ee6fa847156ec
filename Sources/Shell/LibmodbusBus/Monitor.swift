import Glibc

/// A value behind a lock, and a condition to wait for.
///
/// Not `Synchronization.Mutex`: under contention ThreadSanitizer does not see its lock on Linux and
/// reports every access behind it (Swift 6.3), and it has no condition variable.
///
/// Why `@unchecked Sendable` holds: `value` is only touched between `pthread_mutex_lock` and
/// `pthread_mutex_unlock` of `mutex`, and `Value` is `Sendable`, so that nothing inside can be
/// reached past the lock. The two pointers are assigned once in `init` and freed once in `deinit`,
/// when nobody can be in a method any more; what they point at is made for several threads.
final class Monitor<Value: Sendable>: @unchecked Sendable {
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value)
    }

    /// Waits until `body` gives a result. It is asked at once and after every ``signal()``.
    func wait<Result>(for body: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Wakes one thread that waits. Outside the lock, or the woken one would run into it.
    func signal() {
        pthread_cond_signal(condition)
    }
}
