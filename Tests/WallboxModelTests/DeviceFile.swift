import AgentTestSupport
import DeviceProfiles

/// The profiles of `devices/` that the simulator is tried with.
enum DeviceFile {
    static let all = ["reference-7kw", "reference-22kw", "keba-p30", "alfen-eve"]

    static func profile(_ id: String) throws -> DeviceProfile {
        try ProfileFolder.profile(id)
    }
}
