import AgentRuntime
import ChargeModel
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Writes what the flight recorder holds into a file: when somebody asks for it with SIGUSR1, and when
/// a fault begins. Nothing is written while nothing is wrong.
struct FlightRecorderService: Service {
    let agent: Agent
    let writer: Writer
    let log: Logger

    init(agent: Agent, stateDirectory: String, clock: any AgentClock, log: Logger) {
        self.agent = agent
        self.log = log
        writer = Writer(
            folder: RecordingFolder(stateDirectory: stateDirectory), agent: agent, clock: clock,
            log: log)
    }

    /// What asks for a recording ends a program that does not listen for it yet, so that it is
    /// ignored from the start.
    static func ignoreSignal() {
        _ = signal(SIGUSR1, SIG_IGN)
    }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask {
                let signals = await UnixSignalsSequence(trapping: .sigusr1)
                for await _ in signals.cancelOnGracefulShutdown() {
                    await writer.write("asked for", because: .asked)
                }
            }
            group.addTask {
                for await fault in agent.faults.cancelOnGracefulShutdown() {
                    await writer.write(fault, because: .fault)
                }
            }
        }
    }

    /// One recording after the other.
    actor Writer {
        private let folder: RecordingFolder
        private let agent: Agent
        private let clock: any AgentClock
        private let log: Logger
        private var lastFault: MonotonicInstant?

        /// Faults within it are in the recording of the first, or follow from it.
        private static let betweenFaults: Duration = .seconds(60)

        init(folder: RecordingFolder, agent: Agent, clock: any AgentClock, log: Logger) {
            self.folder = folder
            self.agent = agent
            self.clock = clock
            self.log = log
        }

        func write(_ reason: String, because cause: RecordingFolder.Cause) async {
            let now = clock.now()
            if cause == .fault {
                if let lastFault, lastFault.duration(to: now.monotonic) < Self.betweenFaults {
                    return
                }
                lastFault = now.monotonic
            }
            let recording = AgentRecording(
                release: EVSEAgentCommand.release, madeAt: now.wall, reason: reason,
                lines: await agent.recording())
            do {
                let path = try folder.write(recording, because: cause)
                log.notice("recording written to \(path): \(reason)")
            } catch {
                log.warning("no recording (\(reason)): \(error)")
            }
        }
    }
}
