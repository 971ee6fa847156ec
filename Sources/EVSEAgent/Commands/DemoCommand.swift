import ActionStore
import AgentAPI
import AgentRuntime
import ArgumentParser
import ChargeControl
import ChargeModel
import DeviceProfiles
import Foundation
import Logging
import ServiceLifecycle
import WallboxModel
import WallboxServer

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Runs two simulated wallboxes and the agent that drives them. No hardware.")

    @Option(help: "Where to serve the API; loopback only.")
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)

    @Option(help: "Where the demo keeps its state; without it, a directory of this user's in /tmp.")
    var stateDir: String?

    @Option(
        help:
            "Modbus TCP port of the first wallbox; the second has the next one. 0 lets the system choose."
    )
    var modbusPort = 15021

    @OptionGroup(title: "Simulated time") var timeOptions: TimeOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var logOptions: LogOptions

    /// The control endpoints listen this much above their wallbox's port.
    private static let controlOffset = 10

    func validate() throws {
        guard listen.isLoopback else {
            throw ValidationError("the demo serves loopback only; evse-agent run serves networks")
        }
        guard modbusPort == 0 || 1_024...65_500 ~= modbusPort else {
            throw ValidationError("--modbus-port is 0, or 1024 to 65500")
        }
    }

    func run() async throws {
        var log = logOptions.logger()
        if logOptions.logLevel == .info { log.logLevel = .warning }
        let clock = try demoClock()
        let catalog = try deviceOptions.catalog()
        let directory = stateDir ?? "/tmp/evse-agent-demo-\(getuid())"
        let controls = ControlPorts()
        var simulations: [Simulation] = []
        for (index, wallbox) in DemoScene.wallboxes.enumerated() {
            simulations.append(
                try await simulation(
                    wallbox, at: index, catalog: catalog, clock: clock, controls: controls,
                    log: log))
        }
        let configuration = DemoScene.configuration(
            stateDirectory: directory,
            listen: AgentConfiguration.SocketAddress(host: listen.host, port: listen.port),
            ports: simulations.map(\.server.port),
            units: try DemoScene.wallboxes.map {
                Int(try catalog.profile(named: $0.profile).link.unit)
            })
        let composition = try await AgentComposition(
            configuration, catalog: catalog, clock: { _ in clock }, log: log)
        let key = try await DemoKey.make(in: composition.store, directory: directory)
        composition.keys.replace(try await composition.store.keys())
        let ports = simulations.map(\.server.port)
        let host = listen.host
        let services =
            simulations.flatMap(\.services)
            + composition.services(listen: configuration.api.listen, log: log) { port in
                let banner = DemoBanner(
                    address: "http://\(host):\(port)", key: key, directory: directory,
                    modbusPorts: ports, controlPort: await controls.port(of: 1))
                FileHandle.standardOutput.write(Data(banner.text.utf8))
            } + [DemoOpening(agent: composition.agent, log: log)]
        try await ServiceRunner.run(services, log: log)
    }

    private func demoClock() throws -> any AgentClock {
        guard timeOptions.isGiven else { return SystemClock(trust: .trusted) }
        return try timeOptions.clock(in: SystemZones().zone(named: DemoScene.timeZone))
    }

    private func simulation(
        _ wallbox: DemoScene.Wallbox, at index: Int, catalog: ProfileCatalog, clock: any AgentClock,
        controls: ControlPorts, log: Logger
    ) async throws -> Simulation {
        var options = WallboxOptions()
        options.serial = wallbox.serial
        options.factorySetpoint = .pilotMinimum
        options.energyScale = timeOptions.timeScale
        return try await Simulation(
            try catalog.profile(named: wallbox.profile), options: options,
            listen: ListenAddress(
                host: "127.0.0.1", port: modbusPort == 0 ? 0 : modbusPort + index),
            controlPort: modbusPort == 0 ? 0 : modbusPort + Self.controlOffset + index,
            vehicle: wallbox.vehicle, clock: clock, log: log
        ) { port in
            await controls.set(port, of: index)
        }
    }
}

/// Which ports the control endpoints got; known only once they listen.
private actor ControlPorts {
    private var ports: [Int: Int] = [:]
    private var waiting: [(index: Int, answer: CheckedContinuation<Int, Never>)] = []

    func set(_ port: Int, of index: Int) {
        ports[index] = port
        for waiter in waiting where waiter.index == index { waiter.answer.resume(returning: port) }
        waiting.removeAll { $0.index == index }
    }

    func port(of index: Int) async -> Int {
        if let port = ports[index] { return port }
        return await withCheckedContinuation { waiting.append((index, $0)) }
    }
}

/// The demo's key: a new one at every start, in a file that only its user can read.
private enum DemoKey {
    static let name = "demo"

    static func make(in store: ActionStore, directory: String) async throws -> String {
        do throws(StoreError) {
            _ = try await store.revoke(name, at: .current)
            let made = APIKeyMaker.make(
                name: name, environment: .sandbox, user: nil, isReadOnly: false, at: .current)
            try await store.insert(made.key)
            try write(made.secret, to: directory + "/demo.key")
            return made.secret
        } catch {
            throw CommandFailure("the demo's key could not be made: \(error.forPeople)")
        }
    }

    private static func write(_ secret: String, to path: String) throws(StoreError) {
        // Made anew, so that the mode is right from the first byte.
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable(reason: "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let bytes = Array((secret + "\n").utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw .unavailable(reason: "cannot write \(path)")
        }
    }
}
