import DeviceProfiles
import Foundation
import Testing

struct DeviceTableTests {
    /// The table in `devices/README.md` is the generated one.
    @Test func readmeShowsEveryProfile() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let devices = root.appending(path: "devices")
        let names = try FileManager.default.contentsOfDirectory(atPath: devices.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
        let profiles = try names.map { name in
            let text = try String(contentsOf: devices.appending(path: name), encoding: .utf8)
            let id = String(name.dropLast(".yaml".count))
            return try #require(DeviceProfile.compile(text, id: id).profile)
        }
        let readme = try String(contentsOf: devices.appending(path: "README.md"), encoding: .utf8)
        let table = DeviceTable.markdown(profiles)
        #expect(readme.contains(table), "put this into devices/README.md:\n\(table)")
    }
}
