import AgentAPI
import Logging
import ServiceLifecycle
import UnixSignals
import WallboxServer

/// Runs services until SIGINT or SIGTERM, and turns the failures that people cause into one line.
///
/// When one service fails the others end in order, as on a signal: a port in use must not keep the
/// wallboxes from being handed back.
enum ServiceRunner {
    static func run(_ services: [any Service], log: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigint, .sigterm], logger: quiet(log))
        // Each part ends within a second by itself; this is the bound for the whole.
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as HTTPServerError {
            throw CommandFailure("\(error)")
        } catch let error as SimulatorError {
            throw CommandFailure("\(error)")
        }
    }

    /// The group's own story of starting and stopping is of no interest to a user.
    private static func quiet(_ log: Logger) -> Logger {
        var quiet = log
        quiet.logLevel = max(log.logLevel, .critical)
        return quiet
    }
}
