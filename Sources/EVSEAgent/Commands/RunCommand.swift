import AgentRuntime
import ArgumentParser
import ChargeModel
import Foundation
import Logging

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the agent against the configured wallboxes.")

    @Option(help: "The configuration file.")
    var config: String

    @Flag(help: "Polls and decides as always, and writes nothing to any wallbox.")
    var readOnly = false

    @OptionGroup(title: "Simulated time") var timeOptions: TimeOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var logOptions: LogOptions

    func run() async throws {
        let log = logOptions.logger()
        let catalog = try deviceOptions.catalog()
        let file = try ConfigurationFile.read(config, catalog: catalog)
        let configuration = file.configuration
        let composition = try await AgentComposition(
            configuration, catalog: catalog, isReadOnly: readOnly,
            clock: { try timeOptions.clock(of: configuration, lastUse: $0) },
            note: ConfigurationNote(file, profiles: catalog.directory), log: log)
        let host = configuration.api.listen.host
        let chargers = configuration.chargers.count
        let services = composition.services(listen: configuration.api.listen, log: log) { port in
            log.notice(
                "serving \(chargers) charger\(chargers == 1 ? "" : "s") at http://\(host):\(port)")
        }
        if readOnly {
            log.warning("read-only: nothing is written to any wallbox, not even its failsafe")
        }
        if configuration.api.isLAN {
            log.warning("the API is open to the network without encryption")
        }
        try await ServiceRunner.run(services, log: log)
    }
}
