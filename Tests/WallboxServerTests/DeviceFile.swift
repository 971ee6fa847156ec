import AgentTestSupport
import DeviceProfiles

/// The profiles of `devices/` that the server is tried with.
enum DeviceFile {
    static func profile(_ id: String) throws -> DeviceProfile {
        try ProfileFolder.profile(id)
    }
}
