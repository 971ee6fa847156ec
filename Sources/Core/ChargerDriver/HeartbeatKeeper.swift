import ChargeModel
import DeviceProfiles

/// Knows when the wallbox's next heartbeat is due: every third of its timeout (requirement R3).
struct HeartbeatKeeper: Hashable, Sendable {
    private let heartbeat: Heartbeat
    private(set) var timeout: Duration
    private var lastBeat: MonotonicInstant?
    /// A refused one is repeated sooner than the next is due.
    private var retryAt: MonotonicInstant?

    init(_ heartbeat: Heartbeat) {
        self.heartbeat = heartbeat
        timeout = Self.initialTimeout(heartbeat.timeout)
    }

    var kind: Heartbeat.Kind { heartbeat.kind }

    /// The longest time between two signs of life.
    var period: Duration { max(timeout / 3, Self.shortestPeriod) }

    /// A wallbox that tells a timeout of next to nothing must not keep the wire from everything else.
    private static let shortestPeriod: Duration = .milliseconds(300)

    /// Whether the heartbeat is a write of ours, and not a by-product of reading.
    var isWrite: Bool {
        switch heartbeat.kind {
        case .none, .anyRead: false
        case .rewriteSetpoint, .write, .rewriteFailsafeTimeout: true
        }
    }

    /// When the next write is due; nil when none ever is.
    var due: MonotonicInstant? {
        guard isWrite else { return nil }
        if let retryAt { return retryAt }
        return lastBeat?.advanced(by: period) ?? MonotonicInstant(nanoseconds: .min)
    }

    mutating func beaten(at now: MonotonicInstant) {
        lastBeat = now
        retryAt = nil
    }

    mutating func refused(at now: MonotonicInstant) {
        retryAt = now.advanced(by: period / 4)
    }

    /// Whether the last sign of life is so long ago that the wallbox may have fallen back meanwhile.
    func hasLapsed(at now: MonotonicInstant) -> Bool {
        guard isWrite, let lastBeat else { return false }
        return lastBeat.duration(to: now) >= timeout
    }

    mutating func contactLost() {
        lastBeat = nil
        retryAt = nil
        timeout = Self.initialTimeout(heartbeat.timeout)
    }

    /// The timeout that the wallbox itself tells, if it does.
    ///
    /// - Parameter readAt: When a register was last read.
    mutating func polled(
        _ values: RegisterValues, readAt: (RegisterID) -> MonotonicInstant?
    ) {
        switch heartbeat.timeout {
        case .fixed:
            break
        case .register(let register, _):
            guard let milliseconds = values[register]?.canonical, milliseconds > 0 else { return }
            timeout = .milliseconds(milliseconds)
        case .remaining(let register, _):
            // What is left and what has passed make the whole; the register does not tell it.
            guard let lastBeat, let readAt = readAt(register), readAt > lastBeat,
                let left = values[register]?.canonical, left > 0
            else { return }
            timeout = .milliseconds(left) + lastBeat.duration(to: readAt)
        }
    }

    private static func initialTimeout(_ timeout: Heartbeat.Timeout) -> Duration {
        switch timeout {
        case .fixed(let duration): duration
        case .register(_, let otherwise), .remaining(_, let otherwise): otherwise
        }
    }
}
