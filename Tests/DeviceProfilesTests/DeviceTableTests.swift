import AgentTestSupport
import DeviceProfiles
import Foundation
import Testing

struct DeviceTableTests {
    /// The tables that people read are the generated one; the links differ by where the page lies.
    @Test(arguments: [("devices/README.md", "]("), ("README.md", "](devices/")])
    func pagesShowEveryProfile(page: String, link: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let profiles = try ProfileFolder.names().map { try ProfileFolder.profile($0) }
        let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
        let table = DeviceTable.markdown(profiles).replacing("](", with: link)
        #expect(text.contains(table), "put this into \(page):\n\(table)")
    }
}
