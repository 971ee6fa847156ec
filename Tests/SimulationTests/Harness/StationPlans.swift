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
        let url = root.appending(path: "devices/\(id).yaml")
        let compilation = DeviceProfile.compile(
            try String(contentsOf: url, encoding: .utf8), id: id)
        let problems = compilation.diagnostics.map { $0.rendered(file: "\(id).yaml") }
        return try #require(compilation.profile, "\(problems.joined(separator: "\n"))")
    }
}
