import WallboxModel

/// A server in front of one simulated wallbox, as the control endpoint sees it.
package protocol WallboxFront: Sendable {
    var wallbox: SharedWallbox { get }
    /// How many connections are open.
    var connectionCount: Int { get }

    /// Puts these faults on the wire instead of those before, from the next request on.
    func setWireFaults(_ rules: [WireFaultRule], seed: UInt64) async throws(SimulatorError)
}

/// A simulated wallbox on a serial line, as the control endpoint sees it.
package struct SerialWallboxFront: WallboxFront {
    package let wallbox: SharedWallbox

    package init(_ wallbox: SharedWallbox) {
        self.wallbox = wallbox
    }

    package var connectionCount: Int { 0 }

    package func setWireFaults(
        _ rules: [WireFaultRule], seed: UInt64
    ) async throws(SimulatorError) {
        wallbox.setWireFaults(WireFaultPlan(rules, seed: seed))
    }
}
