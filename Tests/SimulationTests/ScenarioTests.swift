import Foundation
import Testing

/// Scripts in `Scenarios/`, each beside the transcript of what came of it. With `RECORD_SCENARIOS=1`
/// in the environment the transcripts are written anew, to be reviewed as a diff.
@Suite struct ScenarioTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scenarios")

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".txt") }
            .map { String($0.dropLast(".txt".count)) }
            .sorted()
    }

    @Test(arguments: try names())
    func scenarioEndsAsRecorded(name: String) throws {
        let script = try ScenarioScript(
            String(contentsOf: Self.folder.appending(path: "\(name).txt"), encoding: .utf8))
        let transcript = try script.transcript()
        #expect(!transcript.contains("BROKEN"), "\(transcript)")
        let file = Self.folder.appending(path: "\(name).transcript")
        if ProcessInfo.processInfo.environment["RECORD_SCENARIOS"] == "1" {
            try transcript.write(to: file, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(transcript == recorded, "if this is right, record it with RECORD_SCENARIOS=1")
    }
}
