import Foundation

/// A value behind a lock, for test peers and scripts that several threads use.
///
/// Not `Synchronization.Mutex`: under contention ThreadSanitizer does not see its lock on Linux.
///
/// Why `@unchecked Sendable` holds: `value` is private and only touched inside `withLock`, and
/// `Value` is `Sendable`, so that nothing inside can be reached past the lock.
package final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    package init(_ value: Value) {
        self.value = value
    }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
