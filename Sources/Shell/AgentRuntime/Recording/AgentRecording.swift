import ChargeModel
import DeviceProfiles
import FlightRecorder

/// What an agent was told for a while, on every bus: what is written into one file.
package struct AgentRecording: Sendable {
    /// Of the program that made it.
    package var release: String
    package var madeAt: WallInstant
    /// Why it was made, for people.
    package var reason: String
    package var lines: [Line]
    /// Whether it was made by a build whose engines kept less, and what they lack is as at a start.
    package var isUpgraded = false

    /// One bus.
    package struct Line: Sendable {
        package var address: String
        /// What the profiles of its wallboxes were compiled from.
        package var profiles: [ProfileText]
        package var recording: LineRecording

        package init(address: String, profiles: [ProfileText], recording: LineRecording) {
            self.address = address
            self.profiles = profiles
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
