import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Foundation
import Testing

/// `devices/README.md` has every key that the compiler knows, and no other.
@Suite("The page of the language")
struct LanguagePageTests {
    /// What makes the compiler list the keys of a section: one that nobody would write.
    private static let probes: [(section: String, line: String, with: String)] = [
        ("the profile", "title", "title: Acme Box\nzzzzzzzzzzzz: 1"),
        ("'source'", "source", "source: { zzzzzzzzzzzz: 1 }"),
        ("'link'", "link", "link: { zzzzzzzzzzzz: 1 }"),
        ("'electrical'", "electrical", "electrical: { phases: 3, zzzzzzzzzzzz: 1 }"),
        (
            "'connectors'", "electrical",
            "electrical: { phases: 3 }\nconnectors: { zzzzzzzzzzzz: 1 }"
        ),
        ("register", "mode:", "  mode: { at: 10, type: u16, zzzzzzzzzzzz: 1 }"),
        ("'control'", "enabled", "  enabled: read-back\n  zzzzzzzzzzzz: 1"),
        ("'heartbeat'", "heartbeat", "heartbeat: { zzzzzzzzzzzz: 1 }"),
        ("'failsafe'", "direction", "  direction: down\n  zzzzzzzzzzzz: 1"),
        ("'manners'", "title", "title: Acme Box\nmanners: { zzzzzzzzzzzz: 1 }"),
    ]

    @Test func everyKeyIsOnThePage() throws {
        let page = try String(
            contentsOf: ProfileFolder.url.appending(path: "README.md"), encoding: .utf8)
        for probe in Self.probes {
            let found = try SampleProfile.compile([(probe.line, probe.with)]).diagnostics
            let complaint = try #require(
                found.first { $0.message.contains("'zzzzzzzzzzzz'") }, "\(probe.section): \(found)")
            let known = complaint.remedy.replacing("Known are: ", with: "").split(separator: ", ")
                .map(String.init)
            try #require(known.count > 1, "\(complaint)")
            #expect(Self.keys(of: probe.section, in: page) == known.sorted(), "\(probe.section)")
        }
    }

    /// The keys in the first column of the table below a mark, sorted.
    private static func keys(of section: String, in page: String) -> [String] {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let table = lines.drop { $0 != "<!-- keys: \(section) -->" }.dropFirst()
            .prefix { $0.hasPrefix("|") }.dropFirst(2)
        let cells = table.compactMap { $0.dropFirst().split(separator: "|").first }
        return cells.flatMap { cell in
            cell.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }
                .map { String($0.element) }
        }.sorted()
    }

    /// The steps of the page make a profile, and the sister model another.
    @Test func theExampleCompiles() throws {
        let page = try String(
            contentsOf: ProfileFolder.url.appending(path: "README.md"), encoding: .utf8)
        var blocks = page.split(separator: "```yaml\n").dropFirst()
            .map { String($0.split(separator: "\n```")[0]) }
        try #require(blocks.count == 9)
        let sister = blocks.removeLast()
        let extra = blocks.remove(at: 5)
        blocks[1] += "\n" + extra
        let text = blocks.joined(separator: "\n") + "\n"
        let compilation = DeviceProfile.compile(text, id: "acme-box")
        #expect(compilation.diagnostics == [])
        let heir = DeviceProfile.compile(
            sister, id: "acme-box-22", parent: { $0 == "acme-box" ? text : nil })
        #expect(heir.diagnostics == [])
        #expect(heir.profile?.control.maximum == .amperes(32))
    }
}
