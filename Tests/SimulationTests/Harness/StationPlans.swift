import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Foundation
import Testing

/// The profiles of `devices/`, compiled once.
enum Devices {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func profile(_ id: String) throws -> DeviceProfile {
        try ProfileFolder.profile(id)
    }
}
