import ActionStore
import AgentRuntime
import ChargeControl
import ChargeModel
import Foundation
import Logging
import ServiceLifecycle

/// Writes down what matters to whoever asks later what happened (requirement R44).
struct EventLogService: Service {
    let events: SecurityLog
    let agent: Agent
    let clock: any AgentClock
    let configuration: ConfigurationNote?
    let log: Logger

    func run() async throws {
        await events.record(
            SecurityEvent(
                .started(version: EVSEAgentCommand.release), at: clock.now()))
        await configuration?.note(in: events, at: clock.now(), log: log)
        await cancelWhenGracefulShutdown {
            // A reader that was too slow is cut off, and begins anew.
            while !Task.isCancelled { await followFaults() }
        }
        await events.flush(at: clock.now())
        await events.record(SecurityEvent(.stopped(reason: "asked to end"), at: clock.now()))
    }

    private func followFaults() async {
        for await event in agent.events(after: nil) {
            guard case .fault(let condition, let isActive) = event.payload,
                condition.holdsAtSafeCurrent
            else { continue }
            await events.record(
                SecurityEvent(
                    isActive
                        ? .failsafeEntered(charger: event.charger, reason: condition.message)
                        : .failsafeLeft(charger: event.charger),
                    at: clock.now()))
        }
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
    }
}

/// Tells where the configuration of this start differs from that of the last one.
struct ConfigurationNote {
    private let fingerprint: ConfigurationFingerprint
    private let stateDirectory: String

    /// Beside what is written, what the agent takes from elsewhere: the profiles of the chargers, and
    /// the computer's time zone where the file names none.
    init(_ file: ConfigurationFile, profiles directory: String) {
        var values = file.written
        if !values.contains(where: { $0.key == "site.timezone" }) {
            values.append(("site.timezone", file.configuration.site.timeZone))
        }
        for profile in Set(file.configuration.chargers.map(\.profile)).sorted() {
            let path = "\(directory)/\(profile).yaml"
            let text = FileManager.default.contents(atPath: path) ?? Data()
            values.append(("devices/\(profile).yaml", String(decoding: text, as: UTF8.self)))
        }
        fingerprint = ConfigurationFingerprint(values)
        stateDirectory = file.configuration.stateDirectory
    }

    /// Remembered only once it is told: what could not be written is told at the next start.
    func note(in events: SecurityLog, at now: TimePoint, log: Logger) async {
        let before = ConfigurationFingerprint.remembered(in: stateDirectory)
        guard fingerprint != before else { return }
        let keys = before.map { fingerprint.changedKeys(since: $0) }
        await events.record(
            SecurityEvent(
                .configurationChanged(sha256: fingerprint.sha256, keys: keys), at: now))
        guard events.lost == 0 else { return }
        if let keys {
            log.notice("the configuration has changed: \(keys.joined(separator: ", "))")
        }
        do throws(StoreError) {
            try fingerprint.remember(in: stateDirectory)
        } catch {
            log.warning("the next start will tell the same change again: \(error.forPeople)")
        }
    }
}

/// Notes when the computer's civil time is set, by whomever: schedules go by it.
struct ClockWatchService: Service {
    let events: any EventLog
    /// The clock of the agent, which may be simulated.
    let clock: any AgentClock
    /// The computer's.
    let computer: any AgentClock
    let log: Logger

    private static let look = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown { await watch() }
    }

    private func watch() async {
        var watch = ClockWatch(at: computer.now())
        while !Task.isCancelled {
            do {
                try await computer.sleep(
                    until: computer.now().monotonic.advanced(by: Self.look))
            } catch {
                return
            }
            guard let step = watch.look(at: computer.now()) else { continue }
            log.notice("the wall clock was set by \(step.milliseconds) ms")
            await events.record(SecurityEvent(.clockStepped(by: step), at: clock.now()))
        }
    }
}
