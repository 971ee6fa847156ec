import CLinux
import Glibc

/// An instant of the monotonic clock until which something may take.
struct Deadline {
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    let nanoseconds: Int64

    init(after timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        nanoseconds = Self.now + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds until the deadline; 0 when it has passed.
    var remaining: Int64 { max(0, nanoseconds - Self.now) }

    /// The deadline of a step that gets an equal share of what is left.
    func share(of parts: Int) -> Deadline {
        Deadline(nanoseconds: Self.now + remaining / Int64(max(1, parts)))
    }

    /// Waits until a descriptor is ready for `events` (or in error), or the deadline has passed.
    ///
    /// - Returns: What poll(2) says of the descriptor, nil past the deadline.
    /// - Throws: ``SystemError`` when the wait fails.
    func wait(for events: Int32, on descriptor: Int32) throws(SystemError) -> Int32? {
        while true {
            let left = remaining
            let events = evse_wait_ready(descriptor, Int16(events), left)
            if events > 0 { return events }
            if events == 0 && left == 0 { return nil }
            guard events == 0 || errno == EINTR else { throw SystemError(code: errno) }
        }
    }

    /// How a wait with an alarm ended.
    enum Awaited {
        case ready
        case timeIsOver
        case alarm
    }

    /// As ``wait(for:on:)``, or until the alarm's descriptor can be read or is shut down.
    func wait(
        for events: Int32, on descriptor: Int32, alarm: Int32
    ) throws(SystemError) -> Awaited {
        while true {
            let left = remaining
            switch evse_wait_ready_or_alarm(descriptor, Int16(events), alarm, left) {
            case 1: return .ready
            case 2: return .alarm
            case 0: if left == 0 { return .timeIsOver }
            default: guard errno == EINTR else { throw SystemError(code: errno) }
            }
        }
    }
}

/// A failed system call, by its errno.
struct SystemError: Error {
    let code: Int32
}
