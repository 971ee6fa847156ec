import Dispatch
import Foundation
import GRDB
import Glibc

extension ActionStore {
    /// An element whenever another process may have changed what is stored: it has closed the
    /// database, which every process does that has written to it, even one that crashes. Commits of
    /// this store are no such change.
    ///
    /// The kernel tells it, so that nothing is polled and nothing written (requirement R29). Where
    /// the kernel cannot, an element comes every 0.75 s. Several changes may count as one.
    package func foreignChanges() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watch = DirectoryWatch(URL(fileURLWithPath: pool.path).deletingLastPathComponent().path)
        {
            continuation.yield()
        }
        continuation.onTermination = { _ in watch.cancel() }
        return stream
    }
}

/// Tells when a file of a directory that was open for writing is closed, until it is cancelled.
///
/// Why `@unchecked Sendable` holds: there is one constant, and `dispatch_source_cancel`, the only
/// call on it after the initialiser, may be made from any thread; the protocol does not say so.
private final class DirectoryWatch: @unchecked Sendable {
    private let source: any DispatchSourceProtocol

    init(_ directory: String, onClose: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "evse-agent store watch")
        if let descriptor = Self.descriptor(watching: directory) {
            source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            source.setEventHandler {
                Self.empty(descriptor)
                onClose()
            }
            source.setCancelHandler { close(descriptor) }
        } else {
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now(), repeating: .milliseconds(750))
            timer.setEventHandler(handler: onClose)
            source = timer
        }
        source.activate()
    }

    func cancel() {
        source.cancel()
    }

    /// - Returns: Nil where the kernel has no watch left to give.
    private static func descriptor(watching directory: String) -> Int32? {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        guard inotify_add_watch(descriptor, directory, UInt32(IN_CLOSE_WRITE)) >= 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Takes what has arrived, so that only what comes later is told again.
    private static func empty(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
