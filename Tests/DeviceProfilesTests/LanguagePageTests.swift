import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Foundation
import Testing

/// The reference in `devices/README.md` is generated from what the compiler takes. With `RECORD_PAGES=1`
/// in the environment it is written anew, to be reviewed as a diff.
@Suite("The page of the language")
struct LanguagePageTests {
    private static let page = ProfileFolder.url.appending(path: "README.md")
    private static let begin = "<!-- generated: the keys, by RECORD_PAGES=1 -->\n"
    private static let end = "<!-- end of the keys -->\n"

    @Test func theReferenceIsWhatTheCompilerTakes() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let begin = try #require(text.range(of: Self.begin))
        let end = try #require(text.range(of: Self.end))
        let reference = begin.upperBound..<end.lowerBound
        let generated = "\n\(SchemaPage.markdown)\n"
        guard text[reference] != generated else { return }
        if ProcessInfo.processInfo.environment["RECORD_PAGES"] == "1" {
            try text.replacingCharacters(in: reference, with: generated)
                .write(to: Self.page, atomically: true, encoding: .utf8)
        }
        Issue.record("write the reference of \(Self.page.path) anew with RECORD_PAGES=1")
    }

    /// What makes the compiler list the keys of a section: one that nobody would write.
    private static let probes: [(section: String, line: String, with: String)] = [
        ("The profile", "title", "title: Acme Box\nzzzzzzzzzzzz: 1"),
        ("`source`", "source", "source: { zzzzzzzzzzzz: 1 }"),
        ("`link`", "link", "link: { zzzzzzzzzzzz: 1 }"),
        ("`electrical`", "electrical", "electrical: { phases: 3, zzzzzzzzzzzz: 1 }"),
        (
            "`connectors`", "electrical",
            "electrical: { phases: 3 }\nconnectors: { zzzzzzzzzzzz: 1 }"
        ),
        ("A register", "mode:", "  mode: { at: 10, type: u16, zzzzzzzzzzzz: 1 }"),
        ("`control`", "enabled", "  enabled: read-back\n  zzzzzzzzzzzz: 1"),
        ("`heartbeat`", "heartbeat", "heartbeat: { zzzzzzzzzzzz: 1 }"),
        ("`failsafe`", "direction", "  direction: down\n  zzzzzzzzzzzz: 1"),
        ("A place of `deny`", "title", "title: Acme Box\ndeny: { zzzzzzzzzzzz: 1 }"),
        ("`manners`", "title", "title: Acme Box\nmanners: { zzzzzzzzzzzz: 1 }"),
    ]

    @Test(arguments: probes.indices)
    func aKeyOfNoSectionIsRefused(probe index: Int) throws {
        let probe = Self.probes[index]
        let section = try #require(SchemaSection.all.first { $0.title == probe.section })
        let found = try SampleProfile.compile([(probe.line, probe.with)]).diagnostics
        let complaint = try #require(
            found.first { $0.message.contains("'zzzzzzzzzzzz'") }, "\(probe.section): \(found)")
        #expect(
            complaint.remedy == "Known are: \(section.keys.map(\.name).joined(separator: ", "))")
    }

    @Test func everySectionHasKeysOfItsOwn() {
        for section in SchemaSection.all {
            #expect(!section.keys.isEmpty)
            #expect(Set(section.keys.map(\.name)).count == section.keys.count, "\(section.title)")
        }
        let titles = SchemaSection.all.map(\.title)
        #expect(Set(titles).count == titles.count)
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
