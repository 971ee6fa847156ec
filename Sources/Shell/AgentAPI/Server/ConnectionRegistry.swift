import NIOConcurrencyHelpers
import NIOCore

/// The open connections of a server: admits new ones within the limits and ends all of them when the
/// server must stop.
///
/// A server at its limit that stops accepting would let idle attackers lock everyone out, so it
/// always accepts. Where there is no place, a connection that is waiting for its client gives way:
///
/// - Its source is at its limit: one of the same source that has waited ``HTTPLimits/yieldAfter``.
/// - All places are taken: one of the source that has the most. When that source would still have
///   more than the new one, it gives way at once, so that a few sources cannot keep the others out;
///   otherwise after ``HTTPLimits/yieldAfter``.
///
/// Of several, the one that has waited longest. Where there is none, the new connection is refused.
final class ConnectionRegistry: Sendable {
    private struct Connection {
        var channel: any Channel
        var source: SourceAddress
        /// Since when it is the client's turn; nil while a request is being answered.
        var waitingSince: NIODeadline?
    }

    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var isClosed = false

        func count(from source: SourceAddress) -> Int {
            connections.values.count { $0.source == source }
        }

        /// The connection that gives way to a new one; nil when all are being served or too fresh.
        func mostDispensable(
            for source: SourceAddress, withinSource: Bool, waitingSince latest: NIODeadline
        ) -> ObjectIdentifier? {
            let fairShare = count(from: source) + 1
            return
                connections
                .compactMap { key, connection -> (ObjectIdentifier, Int, NIODeadline)? in
                    guard !withinSource || connection.source == source else { return nil }
                    let share = count(from: connection.source)
                    guard let since = connection.waitingSince,
                        since <= latest || share > fairShare
                    else { return nil }
                    return (key, share, since)
                }
                .min { ($1.1, $0.2) < ($0.1, $1.2) }?.0
        }
    }

    private let limits: HTTPLimits
    private let state = NIOLockedValueBox(State())

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Connections open now.
    var openConnections: Int { state.withLockedValue { $0.connections.count } }

    /// Whether no connection is admitted any more.
    var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    /// Takes a new connection in, or says that there is no place for it.
    func admit(_ channel: any Channel, from source: SourceAddress, at now: NIODeadline) -> Bool {
        let (isAdmitted, displaced) = state.withLockedValue { state -> (Bool, (any Channel)?) in
            guard !state.isClosed else { return (false, nil) }
            var displaced: (any Channel)?
            let isSourceFull = state.count(from: source) >= limits.connectionsPerSource
            if isSourceFull || state.connections.count >= limits.connections {
                let key = state.mostDispensable(
                    for: source, withinSource: isSourceFull,
                    waitingSince: now - TimeAmount(limits.yieldAfter))
                guard let key else { return (false, nil) }
                displaced = state.connections.removeValue(forKey: key)?.channel
            }
            state.connections[ObjectIdentifier(channel)] = Connection(
                channel: channel, source: source, waitingSince: now)
            return (true, displaced)
        }
        displaced?.abort()
        if isAdmitted {
            channel.closeFuture.whenComplete { [self] _ in remove(channel) }
        }
        return isAdmitted
    }

    /// Notes since when it is the client's turn on a connection; nil while it is the server's.
    func note(_ channel: any Channel, waitingSince: NIODeadline?) {
        state.withLockedValue {
            $0.connections[ObjectIdentifier(channel)]?.waitingSince = waitingSince
        }
    }

    /// Ends every connection at once, whatever is under way on it, and admits no more.
    func closeAll() {
        let channels = state.withLockedValue { state in
            state.isClosed = true
            return state.connections.values.map(\.channel)
        }
        for channel in channels { channel.abort() }
    }

    private func remove(_ channel: any Channel) {
        state.withLockedValue { _ = $0.connections.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}

/// Tells the connection guard of a channel to close at once, from any thread. A plain close would be
/// taken for the wish of the routes and wait for the last answer to arrive.
struct AbortConnection: Sendable {}

extension Channel {
    fileprivate func abort() {
        triggerUserOutboundEvent(AbortConnection(), promise: nil)
    }
}
