import ChargeModel
import FlightRecorder

/// What an agent was told for a while, on every bus: what is written into one file.
package struct AgentRecording: Sendable {
    /// Of the program that made it.
    package var release: String
    package var madeAt: WallInstant
    /// Why it was made, for people.
    package var reason: String
    package var lines: [Line]

    /// One bus.
    package struct Line: Sendable {
        package var address: String
        package var recording: LineRecording

        package init(address: String, recording: LineRecording) {
            self.address = address
            self.recording = recording
        }
    }

    package init(release: String, madeAt: WallInstant, reason: String, lines: [Line]) {
        self.release = release
        self.madeAt = madeAt
        self.reason = reason
        self.lines = lines
    }
}
