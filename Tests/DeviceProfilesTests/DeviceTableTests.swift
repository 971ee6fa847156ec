import DeviceProfiles
import Foundation
import Testing

struct DeviceTableTests {
    /// The tables that people read are the generated one; the links differ by where the page lies.
    @Test(arguments: [("devices/README.md", "]("), ("README.md", "](devices/")])
    func pagesShowEveryProfile(page: String, link: String) throws {
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
        let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
        let table = DeviceTable.markdown(profiles).replacing("](", with: link)
        #expect(text.contains(table), "put this into \(page):\n\(table)")
    }
}
