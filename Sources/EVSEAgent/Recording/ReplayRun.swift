import AgentRuntime
import ChargeModel
import FlightRecorder

/// Replays every line of a recording, and collects what is to be told of it.
struct ReplayRun {
    private(set) var lines: [TranscriptLine] = []
    private(set) var inputs = 0
    /// The inputs as they are kept.
    private(set) var bytes = 0
    /// The longest of a line.
    private(set) var span = Duration.zero
    /// Where each line that decides otherwise does so first, in words.
    private(set) var differences: [String] = []

    /// What of the transcript is wanted.
    struct Choice {
        var charger: ChargerID?
        var from: WallInstant?
        var to: WallInstant?
        var hasRoutine = false

        func takes(_ line: TranscriptLine) -> Bool {
            if let charger, let named = line.charger, named != charger { return false }
            if let from, line.at < from { return false }
            if let to, line.at > to { return false }
            return hasRoutine || line.topic != .routine
        }
    }

    init(_ recording: AgentRecording, choice: Choice) {
        for line in recording.lines { replay(line, choice) }
        // Stable: what came first on a line stays first.
        lines = lines.enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }
        .map(\.element)
    }

    private mutating func replay(_ line: AgentRecording.Line, _ choice: Choice) {
        var replay = LineReplay(line.recording)
        let isWanted = choice.charger.map { replay.state.ids.contains($0) } ?? true
        bytes += line.recording.byteCount
        let from = line.recording.from?.monotonic
        do throws(RecordingProblem) {
            while let step = try replay.next() {
                inputs += 1
                span = max(span, (from ?? step.time.monotonic).duration(to: step.time.monotonic))
                let told = step.transcript(replay.state)
                if isWanted { lines += told.filter(choice.takes) }
                guard step.differs else { continue }
                return differences.append(Self.words(step, told, on: line.address))
            }
        } catch {
            differences.append("\(line.address): \(error)")
        }
    }

    private static func words(
        _ step: LineReplay.Step, _ told: [TranscriptLine], on address: String
    ) -> String {
        var words =
            "\(address): differs first at input \(step.number), \(step.time.wall.timestamp): "
            + "\(step.input)"
        for line in told { words += "\n  now: \(line.description)" }
        return words
    }
}
