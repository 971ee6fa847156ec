import AgentRuntime
import ArgumentParser
import ChargeModel
import FlightRecorder
import Foundation

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Does again what an agent did while it was recorded, and tells it.",
        discussion: """
            Tells the same engines the same things at the same times, and fails unless every \
            decision and every write is the one that was made then. Nothing is written to any \
            wallbox. Times are in UTC.
            """)

    @Argument(help: ArgumentHelp("Recordings.", valueName: "file"))
    var files: [String]

    @Option(help: "Tells of this charger alone, and of its line.")
    var charger: String?

    @Option(help: ArgumentHelp("Tells what happened from then on.", valueName: "time"))
    var from: WallInstant?

    @Option(help: ArgumentHelp("Tells what happened up to then.", valueName: "time"))
    var to: WallInstant?

    @Flag(help: "Tells of every read, tick and lease, too.")
    var all = false

    @Flag(help: "One JSON object for each line.")
    var json = false

    func run() async throws {
        var isOther = false
        for file in files {
            let recording = try recording(file)
            let chargers = recording.lines.flatMap { $0.recording.start.state.ids }
            if let charger, !chargers.contains(ChargerID(charger)) {
                let names = chargers.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure("\(file): there is no charger \(charger). There are: \(names)")
            }
            let run = ReplayRun(
                recording,
                choice: ReplayRun.Choice(
                    charger: charger.map { ChargerID($0) }, from: from, to: to, hasRoutine: all))
            for line in run.lines { print(json ? try line.json : line.description) }
            tell(
                "\(file): made at \(recording.madeAt.timestamp) by evse-agent \(recording.release): \(recording.reason)"
            )
            if recording.isUpgraded {
                tell(
                    "\(file): the engines of that build kept less; what they lack is as at a start")
            }
            guard run.differences.isEmpty else {
                for difference in run.differences { tell("\(file): \(difference)") }
                isOther = true
                continue
            }
            tell(
                "\(file): \(run.inputs) inputs in \(run.bytes) bytes and \(run.span.milliseconds / 1000) s replayed, every decision and write as it was: \(Self.hashes(recording))"
            )
        }
        if isOther { throw CommandFailure("the engines decide otherwise than they did") }
    }

    private func recording(_ file: String) throws -> AgentRecording {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CommandFailure("cannot read \(file): there is no such file, or no permission")
        }
        do throws(RecordingFileError) {
            return try RecordingFile.recording(from: Array(bytes), zones: SystemZones())
        } catch {
            throw CommandFailure("\(file): \(error)")
        }
    }

    /// Of all that was decided on each line.
    private static func hashes(_ recording: AgentRecording) -> String {
        recording.lines.map { line in
            let hash = line.recording.segments.last?.trace ?? line.recording.start.trace
            return "\(line.address) \(String(hash, radix: 16))"
        }.joined(separator: ", ")
    }
}

extension WallInstant: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(timestamp: argument)
    }
}

extension TranscriptLine {
    private struct Object: Encodable {
        var time: String
        var charger: String?
        var topic: String
        var text: String
    }

    fileprivate var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let object = Object(
                time: at.timestamp, charger: charger?.rawValue, topic: topic.rawValue, text: text)
            return String(decoding: try encoder.encode(object), as: UTF8.self)
        }
    }
}
