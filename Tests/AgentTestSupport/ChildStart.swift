import Foundation

extension Process {
    private static let starting = Locked(())

    /// Starts it while these tests start no other child.
    ///
    /// Foundation sees the end of a child when a socket closes that the child alone should hold. A
    /// child that is started in the same moment inherits that socket too, and then the first one
    /// seems to run until both have ended.
    package func runAlone() throws {
        try Self.starting.withLock { _ in try run() }
    }
}
