import ArgumentParser

/// The command line: parses, composes, runs. Everything that decides is elsewhere.
@main
struct EVSEAgentCommand: AsyncParsableCommand {
    /// Of this program.
    static let release = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "evse-agent",
        abstract: "Drives EV wallboxes over Modbus and serves a device API for them.",
        discussion: """
            Try it without hardware: evse-agent demo
            """,
        version: release,
        subcommands: [
            RunCommand.self, DemoCommand.self, SimulateCommand.self, DevicesCommand.self,
            ConfigCommand.self, ProbeCommand.self, DoctorCommand.self, KeysCommand.self,
            LogCommand.self, RecordCommand.self, ReplayCommand.self, CompareBusCommand.self,
            MeasureListCommand.self,
        ])
}

/// What stops a command, in one line for a person. Exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
