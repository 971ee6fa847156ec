import ActionStore
import ArgumentParser
import Foundation

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Has a running agent write down what happened lately, for evse-agent replay.",
        discussion: """
            Prints the path of the file. The same happens when a fault begins, and on SIGUSR1. The \
            newest ten are kept, in 'recordings' in the state directory. A recording has the \
            addresses of the wallboxes and what was asked of them in it, and no keys.
            """)

    @Option(help: "The configuration file of the agent that runs.")
    var config: String

    @OptionGroup var deviceOptions: DeviceOptions

    /// How long the agent may take to write it.
    private static let patience: Duration = .seconds(10)

    func run() async throws {
        let configuration = try ConfigurationFile.load(config, catalog: deviceOptions.catalog())
        guard configuration.recorder != nil else {
            throw CommandFailure(
                "nothing is recorded: \(config) says 'recorder: off'. Remove that, and start the agent anew"
            )
        }
        let directory = configuration.stateDirectory
        guard let holder = StateDirectoryLock.holder(directory: directory) else {
            throw CommandFailure(
                "no agent runs with the state directory \(directory), or this user may not see it: nothing can be recorded"
            )
        }
        guard let process = holder.process else {
            throw CommandFailure("\(directory)/evse-agent.lock does not say which process runs")
        }
        let folder = RecordingFolder(stateDirectory: directory)
        let before = folder.names()
        try RecordingSignal.send(to: process)
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: Self.patience)
        while clock.now < deadline {
            let fresh = folder.names().filter { !before.contains($0) }
            if let name = fresh.first(where: { RecordingFolder.isFor(.asked, $0) }) {
                return print(folder.path(of: name))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure(
            "the agent (process \(process)) wrote no recording within \(Self.patience.components.seconds) s; its log says why"
        )
    }
}

/// SIGUSR1, sent only to who takes it: it would end any other program.
enum RecordingSignal {
    static func send(to process: Int) throws {
        guard let masks = signalMasks(of: process), masks.contains(where: Self.hasSignal) else {
            throw CommandFailure(
                "process \(process) does not listen for SIGUSR1: it is no evse-agent that records")
        }
        guard kill(pid_t(process), SIGUSR1) == 0 else {
            guard errno == EPERM else {
                throw CommandFailure(
                    "cannot signal process \(process): \(String(cString: strerror(errno)))")
            }
            throw CommandFailure(
                "process \(process) runs as another user: run this as that user, with sudo -u USER")
        }
    }

    private static func hasSignal(_ mask: UInt64) -> Bool { mask >> UInt64(SIGUSR1 - 1) & 1 == 1 }

    /// The signals that it ignores or handles; nil where there is no such process.
    private static func signalMasks(of process: Int) -> [UInt64]? {
        guard let status = FileManager.default.contents(atPath: "/proc/\(process)/status") else {
            return nil
        }
        return String(decoding: status, as: UTF8.self).split(separator: "\n").compactMap { line in
            guard line.hasPrefix("SigIgn:") || line.hasPrefix("SigCgt:") else { return nil }
            return UInt64(line.dropFirst(7).drop { $0.isWhitespace }, radix: 16)
        }
    }
}
