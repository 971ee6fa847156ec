import DeviceProfiles
import Foundation
import Testing

/// The profiles of `devices/` that the server is tried with.
enum DeviceFile {
    static func profile(_ id: String) throws -> DeviceProfile {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "devices/\(id).yaml"), encoding: .utf8)
        let compilation = DeviceProfile.compile(text, id: id)
        return try #require(
            compilation.profile, "devices/\(id).yaml: \(compilation.diagnostics)")
    }
}
