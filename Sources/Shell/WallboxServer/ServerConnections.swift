import NIOCore
import Synchronization

/// The open connections of a server, as many as it bears.
final class ServerConnections: Sendable {
    private let limit: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { channels.withLock { $0.count } }

    /// Takes a connection up until it ends; false when there are too many already.
    ///
    /// - Parameter isOnly: Whether one already is too many.
    func admit(_ channel: any Channel, isOnly: Bool) -> Bool {
        let limit = isOnly ? min(1, limit) : limit
        let isAdmitted = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[ObjectIdentifier(channel)] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in
                self.channels.withLock { $0[ObjectIdentifier(channel)] = nil }
            }
        }
        return isAdmitted
    }

    /// Resets all of them.
    func resetAll() {
        for channel in all { channel.reset() }
    }

    /// Closes all of them and waits until they are.
    func closeAll() async throws {
        for channel in all { channel.close(promise: nil) }
        for channel in all { try await channel.closeFuture.get() }
    }

    private var all: [any Channel] { channels.withLock { Array($0.values) } }
}
