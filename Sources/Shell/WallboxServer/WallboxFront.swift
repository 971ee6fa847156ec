import WallboxModel

/// A server in front of one simulated wallbox, as the control endpoint sees it.
package protocol WallboxFront: Sendable {
    var wallbox: SharedWallbox { get }
    /// How many connections are open.
    var connectionCount: Int { get }
    /// The wire that it is on.
    var medium: FaultMedia { get }

    /// Puts these faults on the wire instead of those before, from the next request on.
    func setWireFaults(_ rules: [WireFaultRule], seed: UInt64) async throws(SimulatorError)

    /// Adds a fault to those on the wire, which go on where they are.
    func addWireFault(_ rule: WireFaultRule) async throws(SimulatorError)
}

extension WallboxFront {
    /// Does what a fault order means, on top of what is wrong already.
    ///
    /// - Throws: ``FaultOrder/Complaint`` with what is wrong with the order; ``SimulatorError``.
    package func carryOut(_ order: FaultOrder) async throws {
        switch try order.meaning(for: wallbox.wallbox, on: medium) {
        case .wire(let rule): try await addWireFault(rule)
        case .wallbox(let faults): wallbox.update { $0.setFaults(faults, at: $1) }
        }
    }

    /// Makes everything sound again.
    package func endFaults() async throws(SimulatorError) {
        wallbox.update { $0.setFaults(WallboxFaults(), at: $1) }
        try await setWireFaults([], seed: 1)
    }
}

/// A simulated wallbox on a serial line, as the control endpoint sees it.
package struct SerialWallboxFront: WallboxFront {
    package let wallbox: SharedWallbox

    package init(_ wallbox: SharedWallbox) {
        self.wallbox = wallbox
    }

    package var connectionCount: Int { 0 }
    package let medium = FaultMedia.serial

    package func setWireFaults(
        _ rules: [WireFaultRule], seed: UInt64
    ) async throws(SimulatorError) {
        wallbox.setWireFaults(WireFaultPlan(rules, seed: seed))
    }

    package func addWireFault(_ rule: WireFaultRule) async throws(SimulatorError) {
        wallbox.addWireFault(rule)
    }
}
