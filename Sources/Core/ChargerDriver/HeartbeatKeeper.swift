import ChargeModel
import DeviceProfiles

/// Knows when the wallbox's next sign of life is due: every third of its timeout, or sooner where the
/// vendor asks for it (requirement R3). Each kind counts for itself.
struct HeartbeatKeeper: Hashable, Codable, Sendable {
    private let heartbeat: Heartbeat
    private(set) var timeout: Duration
    /// Those that are writes of ours, and not by-products of reading.
    private var beats: [Beat]
    /// Whether a read was refused, and nothing taken since.
    private var isReadRefused = false

    private struct Beat: Hashable, Codable, Sendable {
        var kind: Heartbeat.Kind
        var last: MonotonicInstant?
        /// A refused one is repeated sooner than the next is due.
        var retryAt: MonotonicInstant?
    }

    init(_ heartbeat: Heartbeat) {
        self.heartbeat = heartbeat
        timeout = Self.initialTimeout(heartbeat.timeout)
        beats = heartbeat.kinds.filter { kind in
            switch kind {
            case .none, .anyRead: false
            case .rewriteSetpoint, .write, .rewriteFailsafeTimeout: true
            }
        }.map { Beat(kind: $0) }
    }

    /// The longest time between two signs of life.
    var period: Duration {
        max(min(timeout / 3, heartbeat.longestPeriod ?? timeout), Self.shortestPeriod)
    }

    /// A wallbox that tells a timeout of next to nothing must not keep the wire from everything else.
    private static let shortestPeriod: Duration = .milliseconds(300)

    /// What is due now, the longest overdue first.
    func due(at now: MonotonicInstant) -> [Heartbeat.Kind] {
        guard beats.contains(where: { due($0) <= now }) else { return [] }
        return beats.filter { due($0) <= now }.sorted { due($0) < due($1) }.map(\.kind)
    }

    /// When the next write is due that is not due now; nil when none ever is.
    func wake(at now: MonotonicInstant) -> MonotonicInstant? {
        var next: MonotonicInstant?
        for beat in beats {
            let due = due(beat)
            if due > now { next = next.map { min($0, due) } ?? due }
        }
        return next
    }

    private func due(_ beat: Beat) -> MonotonicInstant {
        beat.retryAt ?? beat.last?.advanced(by: period) ?? MonotonicInstant(nanoseconds: .min)
    }

    /// Nothing happens for a kind that the wallbox does not want.
    mutating func beaten(_ kind: Heartbeat.Kind, at now: MonotonicInstant) {
        guard let index = beats.firstIndex(where: { $0.kind == kind }) else { return }
        beats[index].last = now
        beats[index].retryAt = nil
    }

    mutating func refused(_ kind: Heartbeat.Kind, at now: MonotonicInstant) {
        guard let index = beats.firstIndex(where: { $0.kind == kind }) else { return }
        beats[index].retryAt = now.advanced(by: period / 4)
    }

    /// Something else was taken: what was refused before may be taken now as well. Reads tell that only
    /// after one that was refused, since a wallbox may answer them and refuse every sign of life.
    mutating func answered(isWrite: Bool) {
        guard isWrite || isReadRefused else { return }
        isReadRefused = false
        for index in beats.indices { beats[index].retryAt = nil }
    }

    mutating func readRefused() { isReadRefused = true }

    /// Whether the last of a kind is so long ago that the wallbox may have fallen back meanwhile.
    func hasLapsed(_ kind: Heartbeat.Kind, at now: MonotonicInstant) -> Bool {
        beats.first { $0.kind == kind }.flatMap { isOver($0, at: now) } ?? false
    }

    /// Whether one that is wanted has not been given since contact, or not in time: the wallbox may
    /// have fallen back.
    func mayHaveLapsed(at now: MonotonicInstant) -> Bool {
        beats.contains { isOver($0, at: now) ?? true }
    }

    /// Whether the time is over that one holds for; nil where there was none since contact.
    private func isOver(_ beat: Beat, at now: MonotonicInstant) -> Bool? {
        beat.last.map { $0.duration(to: now) >= timeout }
    }

    mutating func contactLost() {
        for index in beats.indices { beats[index] = Beat(kind: beats[index].kind) }
        isReadRefused = false
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
            guard let last = beats.compactMap(\.last).max(), let readAt = readAt(register),
                readAt > last, let left = values[register]?.canonical, left > 0
            else { return }
            timeout = .milliseconds(left) + last.duration(to: readAt)
        }
    }

    private static func initialTimeout(_ timeout: Heartbeat.Timeout) -> Duration {
        switch timeout {
        case .fixed(let duration): duration
        case .register(_, let otherwise), .remaining(_, let otherwise): otherwise
        }
    }
}
