import ChargeModel
import DeviceProfiles
import Testing

/// R37: whatever stands in a profile file, the answer is a profile or diagnostics.
struct ProfileFuzzTests {
    @Test(arguments: [0xA1, 0xB2, 0xC3] as [UInt64])
    func r37_brokenTextGivesDiagnosticsOrAProfile(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for round in 0..<300 {
            // Every other round with the words for stations and for what may not be there.
            let text = round.isMultiple(of: 2) ? SampleProfile.text : SampleProfile.station
            var scalars = Array(text.unicodeScalars)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                Self.damage(&scalars, &random)
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let compilation = DeviceProfile.compile(
                String(view), id: SampleProfile.id, parent: { _ in SampleProfile.text })
            let hasErrors = compilation.diagnostics.contains { $0.severity == .error }
            #expect((compilation.profile == nil) == hasErrors, "seed \(seed), round \(round)")
            #expect(compilation.diagnostics.allSatisfy { $0.line > 0 && $0.column > 0 })
        }
    }

    @Test func r37_theRichTextIsAProfile() {
        let compilation = DeviceProfile.compile(
            SampleProfile.station, id: SampleProfile.id, parent: { _ in SampleProfile.text })
        #expect(compilation.profile != nil, "\(compilation.diagnostics)")
    }

    @Test func r37_aliasesCannotMakeAShortTextEndless() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let compilation = DeviceProfile.compile(text, id: SampleProfile.id)
        #expect(compilation.diagnostics.contains { $0.message.contains("more than 20000 values") })
    }

    @Test(arguments: [
        "", " ", "\n", "---", "[]", "3", "{}", "# nothing", "{", "a: b: c", "\u{FEFF}",
    ])
    func r37_textThatIsNoProfileIsAnError(_ text: String) {
        let compilation = DeviceProfile.compile(text, id: SampleProfile.id)
        #expect(compilation.profile == nil)
        #expect(compilation.diagnostics != [])
    }

    /// Deletes, doubles, or replaces a few characters.
    private static func damage(
        _ scalars: inout [Unicode.Scalar], _ random: inout SeededRandom
    ) {
        guard scalars.count > 40 else { return }
        let start = Int.random(in: 0..<scalars.count - 20, using: &random)
        let range = start..<start + Int.random(in: 1...12, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: scalars.removeSubrange(range)
        case 1: scalars.insert(contentsOf: scalars[range], at: start)
        case 2:
            let other = Int.random(in: 0..<scalars.count - 20, using: &random)
            scalars.replaceSubrange(range, with: scalars[other..<other + range.count])
        default:
            let odd = "{}[]:,-#&*!|>'\"%@`\t\n\u{0}\u{85}é0x9.="
            scalars[start] = odd.unicodeScalars.randomElement(using: &random) ?? " "
        }
    }
}
