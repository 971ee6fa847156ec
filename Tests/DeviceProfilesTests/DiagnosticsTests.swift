import DeviceProfiles
import Foundation
import Testing

/// What people are told about a wrong profile. Each mistake is made in the sample profile; all
/// messages together are a transcript that is reviewed as a whole. With `RECORD_TRANSCRIPTS` set,
/// the file is written instead of compared.
struct DiagnosticsTests {
    private static let mistakes = ProfileMistakes.all

    @Test func transcriptOfEveryMistakeIsAsReviewed() throws {
        let transcript = try Self.mistakes.map(Self.entry).joined(separator: "\n")
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Transcripts/diagnostics.txt")
        if ProcessInfo.processInfo.environment["RECORD_TRANSCRIPTS"] != nil {
            try transcript.write(to: url, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: url, encoding: .utf8)
        for (line, expectedLine) in zip(
            transcript.split(separator: "\n"), expected.split(separator: "\n"))
        {
            #expect(line == expectedLine)
        }
        #expect(transcript == expected)
    }

    @Test func everyMistakeIsReported() throws {
        for mistake in Self.mistakes {
            #expect(try SampleProfile.problems(mistake) != [], "\(mistake.map(\.with))")
        }
    }

    @Test func errorsLeaveNoProfileAndWarningsDo() throws {
        for mistake in Self.mistakes {
            let compilation = try SampleProfile.compile(mistake)
            let hasErrors = compilation.diagnostics.contains { $0.severity == .error }
            #expect((compilation.profile == nil) == hasErrors)
        }
    }

    @Test func diagnosticsComeInTheOrderOfTheFile() throws {
        let many = Self.mistakes.filter { $0.count == 1 && !$0[0].with.contains("---") }
        // Mistakes in different lines, all at once.
        var lines: [String] = []
        let together = many.filter { edit in
            defer { lines.append(edit[0].line) }
            return !lines.contains(edit[0].line) && edit[0].with.hasPrefix("  ")
        }.flatMap(\.self)
        let diagnostics = try SampleProfile.compile(together).diagnostics
        #expect(diagnostics.count > 10)
        let places = diagnostics.map { [$0.line, $0.column] }
        #expect(places == places.sorted { $0.lexicographicallyPrecedes($1) })
    }

    private static func entry(
        _ edits: [(line: String, with: String)]
    ) throws -> String {
        let text = try SampleProfile.replacing(edits)
        let problems = DeviceProfile.compile(text, id: SampleProfile.id).diagnostics
        let changed = edits.map { $0.with.isEmpty ? "(without '\($0.line)')" : $0.with }
        return (changed + problems.map { "    " + $0.rendered(file: "FILE") })
            .joined(separator: "\n") + "\n"
    }
}
